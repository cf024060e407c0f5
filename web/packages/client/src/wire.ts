import { BffError } from './problem.js'
import type { EndReason, Session } from './types.js'

/** A session as the client keeps it: with the end that use moves, even when the other one is nearer. */
export interface LiveSession extends Session {
  readonly idleAt: number
  readonly extendable: boolean
}

/** What `GET {base}/session` said. */
export interface Answer {
  readonly session: LiveSession | null
  /** How long a session may last at all, if the server says. */
  readonly lifetimeMs?: number
  /** The session lives, but cannot be renewed at present. */
  readonly stuck?: boolean
  readonly ended?: EndReason | null
  readonly loginError?: BffError | null | undefined
}

/** `idleAt` and `absoluteAt` in milliseconds since the epoch. Only the idle end can be moved. */
export function endingAt(
  { ref, user, extendable }: Pick<LiveSession, 'ref' | 'user' | 'extendable'>,
  idleAt: number,
  absoluteAt: number,
): LiveSession {
  const idle = idleAt < absoluteAt
  const deadline = { kind: idle ? 'idle' : 'absolute', at: idle ? idleAt : absoluteAt, extendable: idle && extendable } as const
  return { ref, user, extendable, idleAt, absoluteAt, deadline }
}

/** `seconds` after `startedAt`, in whole seconds: early, never late, and the same answer twice is the same deadline. */
const after = (startedAt: number, seconds: number) => Math.floor(startedAt / 1000 + seconds) * 1000

/**
 * Believe a `/session` body once. Seconds left count from `startedAt`, when the question was asked: early by one round trip, never late.
 * Throws `unreachable` when it is not the server speaking (a captive portal, a proxy's page).
 */
export function readAnswer(body: any, startedAt: number): Answer {
  const { authenticated, user, ended, login_error: error } = body ?? {}
  if (authenticated === false)
    return { session: null, ended, loginError: error && new BffError(error.code, { requestId: error.id }) }
  const session = user?.sub && endingAt(body, after(startedAt, body.idle_expires_in), after(startedAt, body.absolute_expires_in))
  if (!session?.deadline.at) throw new BffError('unreachable')
  // The wire calls the health of the renewal `token`: a word about it, never the thing itself. The name stays in this line.
  return { session, lifetimeMs: body.absolute_lifetime * 1000, stuck: body.token === 'stuck' }
}

/** `session` with the limits of `BFF-Session-Expires: idle=870, abs=25190`; null without them. */
export function readExpires(session: LiveSession | null, header: string | null, startedAt: number): LiveSession | null {
  const found = /^idle=(\d+), *abs=(\d+)$/.exec(header!)
  return session && found && endingAt(session, after(startedAt, +found[1]!), after(startedAt, +found[2]!))
}
