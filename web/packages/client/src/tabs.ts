import { apply, check } from './check.js'
import { isVisible } from './page.js'
import { liveOf, type State } from './state.js'
import type { EndReason } from './types.js'
import { cover } from './veil.js'
import { ignore } from './wait.js'
import { endingAt } from './wire.js'

/** Many tabs hear the same news: not all of them ask in the same moment. */
const JITTER_MS = 300

/** What tabs tell each other: hints, never facts, and nothing about a person. */
export interface TabMessage {
  readonly v: 1
  readonly t: 'in' | 'out' | 'ended' | 'extended' | 'changed'
  readonly ref?: string | undefined
  /** Seconds until the idle limit. */
  readonly left?: number | undefined
  /** Why it ended: the server says so once, to whoever asks first. */
  readonly reason?: EndReason | null | undefined
}

export const checkSoon = (s: State): void =>
  void setTimeout(() => check(s, Infinity).catch(ignore), Math.random() * JITTER_MS)

/** What a tab does with the hint of another: believes nothing that matters, and asks. */
export function onMessage(s: State, { v, t, ref, left, reason }: TabMessage): void {
  if (v !== 1) return
  const live = liveOf(s)
  if (t === 'out' || t === 'ended') {
    if (!live && s.snapshot.status !== 'loading') return
    s.guess = t === 'out' ? 'signed_out' : (reason ?? s.guess)
    // The first question is still out: its answer may be older than this.
    if (live) cover(s)
  } else if (live && live.ref === ref && t !== 'changed') {
    if (left && !s.snapshot.covered) apply(s, { session: endingAt(live, s.now() + left * 1000, live.absoluteAt) }, s.now())
    return
  } else if (!isVisible() && !s.waiting) {
    s.stale = true
    return
  }
  checkSoon(s)
}

/** Takes over the channel that the core has opened, and the `news` that came meanwhile. */
export function joinTabs(s: State, news: readonly TabMessage[]): void {
  const hear = (message: TabMessage) => onMessage(s, message)
  if (s.channel) s.channel.onmessage = ({ data }) => hear(data)
  news.map(hear)
}
