import { apply, check } from './check.js'
import { isVisible } from './page.js'
import { liveOf, type State } from './state.js'
import { cover } from './veil.js'
import { ignore } from './wait.js'
import { endingAt } from './wire.js'

/** What tabs tell each other: hints, never facts, and nothing about a person. */
export interface TabMessage {
  readonly v: 1
  readonly t: 'in' | 'out' | 'ended' | 'extended'
  readonly ref?: string | undefined
  /** Seconds until the idle limit. */
  readonly left?: number | undefined
}

/** Many tabs hear the same message: not all of them ask in the same moment. */
const JITTER_MS = 300

/** What a tab does with the hint of another: believes nothing that matters, and asks. */
export function onMessage(s: State, message: TabMessage): void {
  const { v, t, ref, left } = message
  if (v !== 1) return
  const live = liveOf(s)
  const over = t === 'out' || t === 'ended'
  if (over && live) {
    if (t === 'out') s.guess = 'signed_out'
    cover(s)
  } else if (over) return
  else if (live?.ref === ref) {
    if (left) apply(s, { session: endingAt(live!, s.now() + left * 1000, live!.absoluteAt) }, s.now())
    return
  } else if (!isVisible() && !s.waiting) {
    s.stale = true
    return
  }
  setTimeout(() => check(s, true).catch(ignore), Math.random() * JITTER_MS)
}

/** Without BroadcastChannel (a very old browser) everything is still safe, by the pinned requests, only later. */
export function joinTabs(s: State): void {
  if (!globalThis.BroadcastChannel) return
  s.channel = new BroadcastChannel(`bff:${location.origin}${s.base}`)
  s.channel.onmessage = ({ data }) => onMessage(s, data)
}

/** Tell the other tabs. */
export function post(s: State, t: TabMessage['t'], left?: number): void {
  s.channel?.postMessage({ v: 1, t, ref: s.pin, left } satisfies TabMessage)
}
