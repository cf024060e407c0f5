import { post } from './announce.js'
import { call, check } from './check.js'
import { BffError } from './problem.js'
import { emit, type State } from './state.js'
import type { LogoutOptions } from './types.js'
import { ignore } from './wait.js'
import { queryOf } from './return-to.js'

/** Ends the session at the server, and only then here. If the server cannot be reached nothing has ended, and nothing pretends so. */
export async function logout(s: State, options: LogoutOptions = {}): Promise<void> {
  const { returnTo, everywhere } = options
  const { pin } = s
  const open = s.gate.hold()
  const done = (url: string) => {
    s.guess = 'signed_out'
    post(s, 'out')
    emit(s, 'out')
    location.replace(url)
  }
  try {
    done((await call(s, `/logout${queryOf({ everywhere: everywhere && '1', return_to: returnTo })}`, 'POST', pin)).redirect_to)
  } catch (cause) {
    open()
    const session = await check(s, Infinity).catch(ignore)
    // The answer was lost, and yet it is done.
    if (session === null) return done(returnTo ?? '/')
    // Refused for an old reference: now we have the right one.
    if (s.pin !== pin && s.snapshot.status === 'authenticated') return logout(s, options)
    throw new BffError('logout_failed', { ...(cause as BffError).info, cause })
  }
}
