import { call } from './call.js'
import { post } from './channel.js'
import { apply } from './check.js'
import { BffError } from './problem.js'
import { emit, type State } from './state.js'
import type { Session } from './types.js'
import { readAnswer } from './wire.js'

async function move(s: State): Promise<Session> {
  const startedAt = s.now()
  const answer = readAnswer(await call(s, '/session/extend', {}), startedAt)
  if (!answer?.session) throw new BffError('unreachable')
  apply(s, answer, startedAt)
  post(s, 'extended', (answer.session.idleAt - s.now()) / 1000)
  emit(s, 'extended', answer.session)
  return answer.session
}

/** Stay signed in: moves the idle limit at the server. */
export const extend = (s: State): Promise<Session> => (s.extending ??= move(s).finally(() => (s.extending = undefined)))
