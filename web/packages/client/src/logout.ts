import type { Channel } from './channel.js'
import { dropDrafts } from './drafts.js'
import type { Gate } from './gate.js'
import type { Keeper } from './keeper.js'
import { planOf } from './plan.js'
import { BffError, readProblem } from './problem.js'
import type { Send } from './send.js'
import type { LogoutOptions } from './types.js'

interface LogoutPorts {
  readonly base: string
  readonly gate: Gate
  readonly keeper: Pick<Keeper<never>, 'pin'>
  readonly send: Send
  readonly channel: () => Channel | null
}

async function redirectTo({ base, send }: LogoutPorts, { returnTo, everywhere }: LogoutOptions): Promise<string> {
  const body = JSON.stringify({ return_to: returnTo, everywhere })
  const headers = { 'Content-Type': 'application/json' }
  const response = await send(planOf(`${base}/logout`, { method: 'POST', headers, body }), true)
  const problem = await readProblem(response)
  if (problem) throw problem
  const { redirect_to: url } = await response.json()
  if (typeof url !== 'string') throw new BffError('unreachable')
  return url
}

/** Ends the session at the server, and only then here. If the server cannot be reached nothing has ended, and nothing pretends so. */
export async function logout(ports: LogoutPorts, options: LogoutOptions = {}): Promise<void> {
  const open = ports.gate.hold()
  const ref = ports.keeper.pin()
  const url = await redirectTo(ports, options).catch((cause: unknown) => {
    open()
    throw new BffError('logout_failed', { ...(cause instanceof BffError && cause.info), cause })
  })
  ports.channel()?.post('out', ref)
  dropDrafts()
  location.replace(url)
}
