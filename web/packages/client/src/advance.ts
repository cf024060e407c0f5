import { warnMs } from './check.js'
import type { State } from './state.js'
import type { SessionSnapshot } from './types.js'
import type { Answer } from './wire.js'

/** What has not changed keeps its identity. */
const keep = <T>(was: T | null, is: T): T => (JSON.stringify(was) === JSON.stringify(is) ? was! : is)

/**
 * The snapshot after the server has answered. Only an answer ends a session; `loading` never comes back; a page that has shown
 * somebody keeps showing them.
 */
export function advance(s: State, { session: found, ended: why }: Answer): SessionSnapshot {
  const { snapshot: was, guess, idleWindow, lifetimeMs, loginError } = s
  const { user: shown, session: last } = was
  const rest = { busy: was.busy, degraded: was.degraded, retryAt: was.retryAt, covered: was.covered, session: null, ended: null }
  if (found) {
    const user = keep(shown, found.user)
    const session = keep(last, { ...found, user })
    return shown && shown.sub !== user.sub
      ? { ...rest, status: 'switched', session, user: shown, newUser: user }
      : { ...rest, status: 'authenticated', session, user, expiring: session.deadline.at - s.now() <= warnMs(s) }
  }
  if (was.status === 'ended') return was
  if (!shown) return { ...rest, status: 'anonymous', user: null, loginError: loginError ?? null }
  const ended = why ?? guess ?? (last!.deadline.at <= s.now() ? (`${last!.deadline.kind}_timeout` as const) : 'unknown')
  const limits: { readonly [reason: string]: number | undefined } = { idle_timeout: idleWindow, absolute_timeout: lifetimeMs }
  return { ...rest, status: 'ended', user: shown, ended, limitMs: limits[ended] }
}
