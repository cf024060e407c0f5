import { check } from './check.js'
import { listen } from './page.js'
import { BffError } from './problem.js'
import { on, type State } from './state.js'
import type { Session } from './types.js'
import { abortable, ignore } from './wait.js'

const POLL_MS = 3_000
const GIVE_UP_MS = 300_000

/**
 * Waits for the server to say that somebody signed in: somebody else than `ref`, or with another error than `was`. The window itself
 * is not asked: `closed` is true for an open window that went to a page with Cross-Origin-Opener-Policy.
 */
export function completion(s: State, ref: string | undefined, was: State['loginError'], signal?: AbortSignal): Promise<Session> {
  const over = new AbortController()
  const signedIn = new Promise<Session>((resolve, reject) => {
    const look = () => {
      const { status, session } = s.snapshot
      if (status === 'switched') reject(new BffError('session_changed'))
      else if (session && session.ref !== ref) resolve(session)
      else if (s.loginError !== was) reject(s.loginError)
    }
    const ask = () => void check(s).then(look, ignore)
    on(s, 'change', look, over.signal)
    listen('focus', ask, over.signal)
    const poll = setInterval(ask, POLL_MS)
    const limit = setTimeout(reject, GIVE_UP_MS, new BffError('login_timeout'))
    over.signal.onabort = () => {
      clearInterval(poll)
      clearTimeout(limit)
    }
    look()
  })
  return abortable(signedIn, signal).finally(() => over.abort())
}
