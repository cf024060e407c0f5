import { BffError } from './problem.js'
import { emit, type State } from './state.js'
import type { TabMessage } from './tabs.js'
import type { EndReason, SessionSnapshot } from './types.js'

/** What follows when the server's answer changed something: the gate, the other tabs, events. */
export function announce(s: State, was: SessionSnapshot): void {
  const is = s.snapshot
  const { status, session } = is
  if (status !== was.status || session?.ref !== was.session?.ref) {
    s.gate.shut(status === 'switched' ? new BffError('session_changed') : null)
    if (status === 'authenticated') {
      s.gate.releaseAll()
      post(s, 'in')
    }
    if (status === 'ended') post(s, status, undefined, is.ended)
  }
  if (status !== was.status) {
    s.options.logger?.(status)
    emit(s, status as 'ended', is as never)
  }
}

/** Tell the other tabs. */
export function post(s: State, t: TabMessage['t'], left?: number, reason?: EndReason): void {
  s.channel?.postMessage({ v: 1, t, ref: s.pin, left, reason } satisfies TabMessage)
}
