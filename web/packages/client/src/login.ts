import { BffError } from './problem.js'
import { loginUrl } from './return-to.js'
import { more } from './start.js'
import { emit, type State } from './state.js'
import type { LoginOptions, Session } from './types.js'
import { ignore } from './wait.js'

function redirect(s: State, url: string): Promise<never> {
  let stay = false
  emit(s, 'before-navigate', { url, preventDefault: () => (stay = true) })
  if (stay) throw new BffError('login_cancelled')
  location.assign(url)
  return new Promise(ignore)
}

/** By redirect: once in the life of a page. By popup: opened at once, inside the click, for a popup blocker allows no detour. */
export async function login(s: State, options: LoginOptions = {}): Promise<Session> {
  const url = loginUrl(s.base, options, location)
  if (options.mode !== 'popup') return (s.leaving ??= redirect(s, url))
  if (!open(url, 'bff-login', 'popup,width=480,height=680')) throw new BffError('popup_blocked')
  const { snapshot, loginError } = s
  return (s.waiting ??= more()
    .then(({ completion }) => completion(s, snapshot.session?.ref, loginError, options.signal))
    .finally(() => (s.waiting = undefined)))
}
