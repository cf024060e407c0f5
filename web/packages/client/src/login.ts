import { BffError } from './problem.js'
import { loginUrl } from './return-to.js'
import type { Keeper } from './keeper.js'
import type { Store } from './store.js'
import type { LoginOptions, Session } from './types.js'

const POLL_MS = 3_000
const GIVE_UP_MS = 300_000

export interface Login<U> {
  start(options?: LoginOptions): Promise<Session<U>>
  /** A sign-in window is open: news of other tabs cannot wait. */
  isWaiting(): boolean
  /** The page came back: a sign-in may leave it again. */
  returned(): void
}

export function createLogin<U>(base: string, store: Store<U>, keeper: Keeper<U>): Login<U> {
  let leaving: Promise<never> | null = null
  let waiting: Promise<Session<U>> | null = null

  function redirect(url: string): Promise<never> {
    if (leaving) return leaving
    let stay = false
    store.emit('before-navigate', { url, preventDefault: () => (stay = true) })
    if (stay) return Promise.reject(new BffError('login_cancelled'))
    location.assign(url)
    return (leaving = new Promise(() => {}))
  }

  /**
   * Waits for the server to say that somebody signed in. The window itself is not asked: `closed` is true for an open window that
   * went to a page with Cross-Origin-Opener-Policy.
   */
  function completion(signal: AbortSignal | undefined): Promise<Session<U>> {
    const before = store.get().session?.ref
    const error = keeper.loginError()
    const over = new AbortController()
    return new Promise<Session<U>>((resolve, reject) => {
      const ask = () => void keeper.check().then(look, () => {})
      const look = () => {
        const { status, session } = store.get()
        if (status === 'switched') reject(new BffError('session_changed'))
        else if (session && session.ref !== before) resolve(session)
        else if (keeper.loginError() !== error) reject(keeper.loginError())
      }
      const timers = [setInterval(ask, POLL_MS), setTimeout(reject, GIVE_UP_MS, new BffError('login_timeout'))]
      const unsubscribe = store.subscribe(look)
      addEventListener('focus', ask, { signal: over.signal })
      signal?.addEventListener('abort', () => reject(signal.reason), { signal: over.signal })
      if (signal?.aborted) reject(signal.reason)
      over.signal.addEventListener('abort', () => {
        timers.forEach(clearTimeout)
        unsubscribe()
      })
    }).finally(() => {
      over.abort()
      waiting = null
    })
  }

  /** Opens the window before anything else, inside the click: a popup blocker allows no detour. */
  function popup(url: string, signal: AbortSignal | undefined): Promise<Session<U>> {
    if (!open(url, 'bff-login', 'popup,width=480,height=680')) return Promise.reject(new BffError('popup_blocked'))
    return (waiting ??= completion(signal))
  }

  return {
    start(options = {}) {
      const url = loginUrl(base, options, location)
      return options.mode === 'popup' ? popup(url, options.signal) : redirect(url)
    },
    isWaiting: () => !!waiting,
    returned: () => void (leaving = null),
  }
}
