import { dropDrafts } from './drafts.js'
import { BffError, bodyOf } from './problem.js'
import { check } from './check.js'
import type { State } from './state.js'
import { post } from './tabs.js'
import type { LogoutOptions } from './types.js'
import { ignore } from './wait.js'

/** Ends the session at the server, and only then here. If the server cannot be reached nothing has ended, and nothing pretends so. */
export async function logout(s: State, { returnTo, everywhere }: LogoutOptions = {}): Promise<void> {
  const open = s.gate.hold()
  const response = s.fetch(`${s.base}/logout`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'BFF-Session': s.pin },
    body: JSON.stringify({ return_to: returnTo, everywhere }),
  })
  try {
    const { redirect_to: url } = await bodyOf(response)
    post(s, 'out')
    dropDrafts()
    location.replace(url)
  } catch (cause) {
    open()
    // Refused, perhaps for an old reference: a second try will have the right one.
    await check(s).catch(ignore)
    throw new BffError('logout_failed', { ...(cause as BffError).info, cause })
  }
}
