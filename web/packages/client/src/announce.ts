import { post } from './channel.js'
import { dropDrafts } from './drafts.js'
import { BffError } from './problem.js'
import { emit, type State } from './state.js'
import type { SessionSnapshot } from './types.js'

/** What follows when the server's answer changed something: the gate, the other tabs, drafts, events. */
export function announce(s: State, was: SessionSnapshot): void {
  const { snapshot: is, gate } = s
  const { status } = is
  if (status !== was.status || is.session?.ref !== was.session?.ref) {
    s.options.logger?.(status)
    gate.shut(status === 'switched' ? new BffError('session_changed') : null)
    if (status === 'authenticated') {
      gate.releaseAll()
      post(s, 'in')
    } else if (status === 'ended') {
      if (is.ended === 'signed_out') dropDrafts()
      post(s, status)
    } else if (status === 'switched') {
      dropDrafts()
    }
    if (status !== was.status) s.bus.dispatchEvent(new CustomEvent(status, { detail: is }))
  }
  const warned = was.status === 'authenticated' && was.expiring
  if (status === 'authenticated' && is.expiring && !warned) emit(s, 'expiring', is.session)
}
