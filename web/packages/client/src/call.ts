import { BffError, readProblem } from './problem.js'
import { send } from './send.js'
import type { State } from './state.js'

/** POST to the server itself, past the gate; its JSON. Rejects with BffError. */
export async function call(s: State, path: string, body: object): Promise<any> {
  try {
    const response = await send(s, s.base + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }, true)
    const problem = await readProblem(response)
    if (problem) throw problem
    return await response.json()
  } catch (cause) {
    throw cause instanceof BffError ? cause : new BffError('unreachable', { cause })
  }
}
