import type { EndReason, SessionSnapshot } from './types.js'
import type { Answer } from './wire.js'

/** What has not changed keeps its identity. */
const keep = <T>(was: T | null, is: T): T => (JSON.stringify(was) === JSON.stringify(is) ? was! : is)

/**
 * The snapshot after the server has answered. Only an answer ends a session; `loading` never comes back; a page that has shown
 * somebody keeps showing them. `guess` is why it may have ended, if the server does not say.
 */
export function advance(
  was: SessionSnapshot,
  answer: Answer,
  guess: EndReason,
  expiring: boolean,
  limitMs: number,
): SessionSnapshot {
  const { busy, degraded, covered, user: shown } = was
  const rest = { busy, degraded, covered, session: null, ended: null }
  if (answer.session) {
    const user = keep(shown, answer.session.user)
    const session = keep(was.session, { ...answer.session, user })
    return shown && shown.sub !== user.sub
      ? { ...rest, status: 'switched', session, user: shown, newUser: user }
      : { ...rest, status: 'authenticated', session, user, expiring }
  }
  if (was.status === 'ended') return was
  const ended = answer.ended ?? guess
  return shown
    ? { ...rest, status: 'ended', user: shown, ended, limitMs: ended === 'idle_timeout' ? limitMs : undefined }
    : { ...rest, status: 'anonymous', user: null, loginError: answer.loginError ?? null }
}
