import { dropDrafts } from './drafts.js'
import { BffError } from './problem.js'
import { emit, type State } from './state.js'
import { post } from './tabs.js'
import type { SessionSnapshot } from './types.js'

/** What follows when the server's answer changed something: the gate, the other tabs, drafts, events. */
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
    if (status === 'switched' || is.ended === 'signed_out') dropDrafts()
  }
  if (status !== was.status) {
    s.options.logger?.(status)
    emit(s, status as 'ended', is as never)
  }
  if (status === 'authenticated' && is.expiring && !(was as typeof is).expiring) emit(s, 'expiring', session!)
}
