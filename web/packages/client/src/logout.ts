import { call } from './call.js'
import { post } from './channel.js'
import { dropDrafts } from './drafts.js'
import { BffError } from './problem.js'
import type { State } from './state.js'
import type { LogoutOptions } from './types.js'

/** Ends the session at the server, and only then here. If the server cannot be reached nothing has ended, and nothing pretends so. */
export async function logout(s: State, { returnTo, everywhere }: LogoutOptions = {}): Promise<void> {
  const open = s.gate.hold()
  try {
    const { redirect_to: url } = await call(s, '/logout', { return_to: returnTo, everywhere })
    post(s, 'out')
    dropDrafts()
    location.replace(url)
  } catch (cause) {
    open()
    throw new BffError('logout_failed', { ...(cause as BffError).info, cause })
  }
}
