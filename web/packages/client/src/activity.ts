import { touchDue } from './deadline.js'
import { extend } from './extend.js'
import { isVisible, listen } from './page.js'
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
    if (snapshot.status !== 'authenticated' || snapshot.expiring || !isVisible()) return
    const { idleAt, deadline } = liveOf(s)!
    if (!deadline.extendable || !touchDue(s.now(), idleAt, s.idleWindow, touchedAt)) return
    touchedAt = s.now()
    extend(s).catch(ignore)
  }
  listen('keydown pointerdown paste compositionend', acted, life)
}
