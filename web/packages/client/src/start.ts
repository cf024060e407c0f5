import { check, probe, probeIn } from './check.js'
import { isVisible, listen } from './page.js'
import { BffError } from './problem.js'
import { on, type State } from './state.js'
import type { TabMessage } from './tabs.js'
import { ignore } from './wait.js'

/** The second part: what a page does once it is known who is signed in. */
export const more = () =>
  import('./companion.js').catch((cause) => {
    throw new BffError('unreachable', { cause })
  })

/** The first use brings a client to life; on a server there is none. */
export function start(s: State): void {
  if (s.life || !globalThis.document) return
  s.life = new AbortController()
  const life = s.life.signal
  s.gate.shut(null)
  // Comes after the first answer. Without it a page still sends, and believes what the server says; the next change tries again.
  let asked: Promise<void> | undefined
  const complete = () =>
    (asked ??= more().then(
      (companion) => companion.accompany(s, life, news),
      () => (asked = undefined),
    ))
  on(s, 'change', complete, life)
  // What other tabs say before the companion can hear it.
  const news: TabMessage[] = []
  if (s.options.sync !== false)
    try {
      s.channel = new BroadcastChannel(`bff:${location.origin}${s.base}`)
      s.channel.onmessage = ({ data }) => news.push(data)
    } catch {
      // An old browser, or one that refuses: this tab hears the server alone, and what it sends is pinned all the same.
    }
  const wake = () => isVisible() && s.snapshot.degraded && !s.probe && probe(s)
  listen('visibilitychange resume focus', wake, life)
  // The network is often not ready when it is said to be back.
  listen('online', () => probeIn(s, 500 + Math.random() * 1000), life)
  // Out of the back/forward cache.
  const shown = ({ persisted }: PageTransitionEvent) => {
    if (!persisted) return
    s.leaving = undefined
    check(s, Infinity).catch(ignore)
  }
  listen('pageshow', shown, life)
  if (s.snapshot.status === 'loading') check(s).catch(ignore).finally(s.gate.hold())
  else complete()
}

export function stop(s: State): void {
  s.life?.abort()
  s.life = undefined
  s.channel = s.channel?.close() as undefined
  clearTimeout(s.probe)
  s.gate.shut(new BffError('queue_timeout'))
}
