import { touchDue } from './deadline.js'
import { extend } from './extend.js'
import { listen } from './listen.js'
import { isVisible } from './page.js'
import { liveOf, type State } from './state.js'
import { ignore } from './wait.js'

/**
 * Tells the server, seldom, that somebody types or clicks. No `mousemove`: a bumped desk is not intent. Never from a hidden page, and
 * never while the warning is up: then only its button counts.
 */
export function watchActivity(s: State, life: AbortSignal): void {
  let touchedAt = 0
  const acted = () => {
    const { snapshot } = s
    const live = liveOf(s)
    if (!live || !isVisible() || snapshot.status !== 'authenticated' || snapshot.expiring) return
    if (!live.deadline.extendable || !touchDue(s.now(), live.idleAt, s.idleWindow, touchedAt)) return
    touchedAt = s.now()
    extend(s).catch(ignore)
  }
  listen(window, 'keydown pointerdown paste compositionend', acted, life)
}
