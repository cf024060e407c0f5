import { post } from './announce.js'
import { ask, check } from './check.js'
import { BffError } from './problem.js'
import { emit, liveOf, type State } from './state.js'
import type { Session } from './types.js'
import { ignore } from './wait.js'

/** Stay signed in: moves the idle limit at the server. */
export const extend = (s: State): Promise<Session> => (s.extending ??= touch(s).finally(() => (s.extending = undefined)))

async function touch(s: State): Promise<Session> {
  try {
    const session = await ask(s, '/session/extend', 'POST', s.pin)
    if (!session) throw new BffError('session_required')
    post(s, 'extended', (liveOf(s)!.idleAt - s.now()) / 1000)
    emit(s, 'extended', session)
    return session
  } catch (error) {
    // Refused: somebody else, or nobody, is signed in; or nothing answers. One question tells.
    await check(s).catch(ignore)
    throw error
  }
}
