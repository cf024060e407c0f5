import type { EndReason, SessionSnapshot } from './types.js'
import type { Answer, LiveSession } from './wire.js'

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
/** Deadlines that differ by less than a second are the same: a page need not be told. */
const near = (a: number, b: number) => Math.abs(a - b) < 1_000

/** What has not changed keeps its identity. */
function settled(was: LiveSession | null, is: LiveSession): LiveSession {
  if (!was || !same(was.user, is.user)) return is
  const unmoved = near(was.idleAt, is.idleAt) && near(was.absoluteAt, is.absoluteAt)
  return unmoved && was.ref === is.ref && was.extendable === is.extendable ? was : { ...is, user: was.user }
}

/**
 * The snapshot after the server has answered. Only an answer ends a session; `loading` never comes back; a page that has shown
 * somebody keeps showing them. `guess` is why it may have ended, if the server does not say.
 */
export function advance(
  was: SessionSnapshot,
  { session: answered, ended, loginError }: Answer,
  guess: EndReason | null | undefined,
  expiring: boolean,
): SessionSnapshot {
  const { busy, degraded, user: shown, status } = was
  const rest = { busy, degraded, session: null, ended: null }
  if (answered) {
    const session = settled(was.session as LiveSession | null, answered)
    const { user } = session
    return shown && shown.sub !== user.sub
      ? { ...rest, status: 'switched', session, user: shown, newUser: user }
      : { ...rest, status: 'authenticated', session, user, expiring }
  }
  if (status === 'ended') return was
  if (shown) return { ...rest, status: 'ended', user: shown, ended: ended ?? guess ?? 'unknown' }
  const before = status === 'anonymous' ? was.loginError : null
  return { ...rest, status: 'anonymous', user: null, loginError: loginError ?? before }
}
