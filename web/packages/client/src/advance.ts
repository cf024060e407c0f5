import type { EndReason, SessionSnapshot, SessionUser } from './types.js'
import type { Answer, LiveSession } from './wire.js'

/** Deadlines that differ by less are the same: a page need not be told. */
const SAME_MS = 1_000

const near = (a: number, b: number) => Math.abs(a - b) < SAME_MS

/** The session as it is known already, if the server said nothing new: what has not changed keeps its identity. */
function settled<U>(was: LiveSession<U> | null, is: LiveSession<U>): LiveSession<U> {
  const user = was && JSON.stringify(was.user) === JSON.stringify(is.user) ? was.user : is.user
  const same = was && was.user === user && was.ref === is.ref && was.extendable === is.extendable
  return same && near(was.idleAt, is.idleAt) && near(was.absoluteAt, is.absoluteAt) ? was : { ...is, user }
}

/**
 * The snapshot after the server has answered. Only an answer ends a session; `loading` never comes back; a page that has shown
 * somebody keeps showing them. `guess` is why it may have ended, if the server does not say.
 */
export function advance<U extends SessionUser>(
  was: SessionSnapshot<U>,
  answer: Answer<U>,
  guess: EndReason | null,
  expiring: boolean,
): SessionSnapshot<U> {
  const { busy, degraded } = was
  if (!answer.session) {
    if (was.status === 'ended') return was
    if (was.user) {
      const ended = answer.ended ?? guess ?? 'unknown'
      return { busy, degraded, status: 'ended', session: null, user: was.user, ended }
    }
    const before = was.status === 'anonymous' ? was.loginError : null
    const loginError = answer.loginError ?? before
    return { busy, degraded, status: 'anonymous', session: null, user: null, ended: null, loginError }
  }
  const session = settled(was.session as LiveSession<U> | null, answer.session)
  const { user } = session
  return was.user && was.user.sub !== user.sub
    ? { busy, degraded, status: 'switched', session, user: was.user, ended: null, newUser: user }
    : { busy, degraded, status: 'authenticated', session, user, ended: null, expiring }
}
