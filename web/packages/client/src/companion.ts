import { watchActivity } from './activity.js'
import { degrade } from './check.js'
import { dropDrafts } from './drafts.js'
import { listen } from './page.js'
import { BffError } from './problem.js'
import { on, type State } from './state.js'
import { watchEvents } from './stream.js'
import { joinTabs, type TabMessage } from './tabs.js'
import { cover } from './veil.js'
import { watchTime } from './watch.js'

export { extend } from './extend.js'
export { completion } from './popup.js'

/** What a page does besides sending: looks at the clock, listens to the server, tells it of activity, leaves nothing behind. */
export function accompany(s: State, life: AbortSignal, news: readonly TabMessage[]): void {
  if (life.aborted) return
  watchTime(s, life)
  if (s.options.sync !== false) {
    joinTabs(s, news)
    watchEvents(s, life)
  }
  if (s.options.activity !== 'requests') watchActivity(s, life)
  on(s, 'out', dropDrafts, life)
  on(s, 'switched', dropDrafts, life)
  on(s, 'ended', ({ ended }) => ended === 'signed_out' && dropDrafts(), life)
  listen('offline', () => degrade(s, new BffError('unreachable')), life)
  // Into the back/forward cache.
  const hidden = ({ persisted }: PageTransitionEvent) => {
    if (!persisted || !s.snapshot.user) return
    s.restored = true
    cover(s)
  }
  listen('pagehide', hidden, life)
}
