import { watchActivity } from './activity.js'
import { check, degrade, probe, probeIn } from './check.js'
import { isVisible, listen } from './page.js'
import { BffError } from './problem.js'
import type { State } from './state.js'
import { watchEvents } from './stream.js'
import { joinTabs } from './tabs.js'
import { cover } from './veil.js'
import { ignore } from './wait.js'
import { watchTime } from './watch.js'

/** The first use brings a client to life; on a server there is none. */
export function start(s: State): void {
  if (s.life || !globalThis.document) return
  s.life = new AbortController()
  const life = s.life.signal
  const { sync, activity } = s.options
  s.gate.shut(null)
  if (sync !== false) {
    joinTabs(s)
    watchEvents(s, life)
  }
  if (activity !== 'requests') watchActivity(s, life)
  const look = watchTime(s, life)
  const wake = () => {
    if (!isVisible()) return
    look()
    if (s.snapshot.degraded && !s.probe) probe(s)
  }
  listen('visibilitychange resume focus', wake, life)
  listen('offline', () => degrade(s, new BffError('unreachable')), life)
  // The network is often not ready when it is said to be back.
  listen('online', () => probeIn(s, 500 + Math.random() * 1000), life)
  // Into the back/forward cache, and out of it.
  const hidden = ({ persisted }: PageTransitionEvent) => {
    if (!persisted || !s.snapshot.user) return
    s.restored = true
    cover(s)
  }
  listen('pagehide', hidden, life)
  const shown = ({ persisted }: PageTransitionEvent) => {
    if (!persisted) return
    s.leaving = undefined
    check(s, Infinity).catch(ignore)
  }
  listen('pageshow', shown, life)
  if (s.snapshot.status === 'loading') check(s).catch(ignore).finally(s.gate.hold())
  look()
}

export function stop(s: State): void {
  s.life?.abort()
  s.life = undefined
  s.channel?.close()
  s.channel = undefined
  clearTimeout(s.probe)
  s.gate.shut(new BffError('queue_timeout'))
}
