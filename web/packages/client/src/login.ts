import { check } from './check.js'
import { listen } from './page.js'
import { BffError } from './problem.js'
import { loginUrl } from './return-to.js'
import { emit, on, type State } from './state.js'
import type { LoginOptions, Session } from './types.js'
import { abortable, ignore } from './wait.js'

const POLL_MS = 3_000
const GIVE_UP_MS = 300_000

function redirect(s: State, url: string): Promise<never> {
  let stay = false
  emit(s, 'before-navigate', { url, preventDefault: () => (stay = true) })
  if (stay) throw new BffError('login_cancelled')
  location.assign(url)
  return new Promise(ignore)
}

/**
 * Waits for the server to say that somebody signed in. The window itself is not asked: `closed` is true for an open window that
 * went to a page with Cross-Origin-Opener-Policy.
 */
function completion(s: State, signal?: AbortSignal): Promise<Session> {
  const { snapshot, loginError } = s
  const over = new AbortController()
  const signedIn = new Promise<Session>((resolve, reject) => {
    const look = () => {
      const { status, session } = s.snapshot
      if (status === 'switched') reject(new BffError('session_changed'))
      else if (session && session.ref !== snapshot.session?.ref) resolve(session)
      else if (s.loginError !== loginError) reject(s.loginError)
    }
    const ask = () => void check(s).then(look, ignore)
    const leave = on(s, 'change', look)
    listen('focus', ask, over.signal)
    const poll = setInterval(ask, POLL_MS)
    const limit = setTimeout(reject, GIVE_UP_MS, new BffError('login_timeout'))
    over.signal.onabort = () => {
      clearInterval(poll)
      clearTimeout(limit)
      leave()
    }
  })
  return abortable(signedIn, signal).finally(() => {
    over.abort()
    s.waiting = undefined
  })
}

/** By redirect: once in the life of a page. By popup: opened at once, inside the click, for a popup blocker allows no detour. */
export async function login(s: State, options: LoginOptions = {}): Promise<Session> {
  const url = loginUrl(s.base, options, location)
  if (options.mode !== 'popup') return (s.leaving ??= redirect(s, url))
  if (!open(url, 'bff-login', 'popup,width=480,height=680')) throw new BffError('popup_blocked')
  return (s.waiting ??= completion(s, options.signal))
}
