import { check } from './check.js'
import { listen } from './listen.js'
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
  if (stay) return Promise.reject(new BffError('login_cancelled'))
  location.assign(url)
  return new Promise(ignore)
}

/**
 * Waits for the server to say that somebody signed in. The window itself is not asked: `closed` is true for an open window that
 * went to a page with Cross-Origin-Opener-Policy.
 */
function completion(s: State, signal?: AbortSignal): Promise<Session> {
  const before = s.snapshot.session?.ref
  const { loginError } = s
  const over = new AbortController()
  const signedIn = new Promise<Session>((resolve, reject) => {
    const look = () => {
      const { status, session } = s.snapshot
      if (status === 'switched') reject(new BffError('session_changed'))
      else if (session && session.ref !== before) resolve(session)
      else if (s.loginError !== loginError) reject(s.loginError)
    }
    const ask = () => void check(s).then(look, ignore)
    const timers = [setInterval(ask, POLL_MS), setTimeout(reject, GIVE_UP_MS, new BffError('login_timeout'))]
    const leave = on(s, 'change', look)
    listen(window, 'focus', ask, over.signal)
    over.signal.onabort = () => {
      timers.map(clearTimeout)
      leave()
    }
  })
  return abortable(signedIn, signal).finally(() => {
    over.abort()
    s.waiting = undefined
  })
}

/** By redirect: once in the life of a page. By popup: opened at once, inside the click, for a popup blocker allows no detour. */
export function login(s: State, options: LoginOptions = {}): Promise<Session> {
  const url = loginUrl(s.base, options, location)
  if (options.mode !== 'popup') return (s.leaving ??= redirect(s, url))
  const opened = open(url, 'bff-login', 'popup,width=480,height=680')
  return opened ? (s.waiting ??= completion(s, options.signal)) : Promise.reject(new BffError('popup_blocked'))
}
