import { deadlineOf } from './deadline.js'
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
  /** The session lives, but cannot be renewed at present. */
  readonly stuck?: boolean
  readonly ended?: EndReason | null
  readonly loginError?: BffError | null
}

const REASONS: readonly (readonly [RegExp, EndReason])[] = [
  [/^(signed_out|replaced)$/, 'signed_out'],
  [/^idle/, 'idle_timeout'],
  [/^absolute/, 'absolute_timeout'],
  [/^(admin|handle_replayed|(session_)?revoked)$/, 'revoked'],
  [/^idp/, 'idp_logout'],
  [/^(re(auth|fresh)|subject|id_)/, 'refresh_rejected'],
]

/** The server's word for an end, or a problem's code, in the client's words; null when it says nothing about one. */
export const endReason = (word: string): EndReason | null => REASONS.find(([words]) => words.test(word))?.[1] ?? null

/** `idleAt` and `absoluteAt` in milliseconds since the epoch. */
export const moved = <S extends Pick<LiveSession, 'ref' | 'user' | 'extendable'>>(
  session: S,
  idleAt: number,
  absoluteAt: number,
): LiveSession => ({ ...session, deadline: deadlineOf(idleAt, absoluteAt, session.extendable), absoluteAt, idleAt })

/**
 * Believe a `/session` body once. Seconds left count from `startedAt`, when the question was asked: early by one round trip, never late.
 * Undefined when it is not the server speaking (a captive portal, a proxy's error page).
 */
export function readAnswer(body: any, startedAt: number): Answer | undefined {
  if (body?.authenticated === true) {
    const { ref, user, extendable, idle_expires_in: idle, absolute_expires_in: absolute } = body
    const session = moved({ ref, user, extendable }, startedAt + idle * 1000, startedAt + absolute * 1000)
    // The wire calls the health of the renewal `token`: a word about it, never the thing itself. The name stays in this line.
    if (session.deadline.at && ref && user?.sub) return { session, stuck: body.token === 'stuck' }
  }
  if (body?.authenticated !== false) return
  const { ended, login_error: error } = body
  return {
    session: null,
    ended: endReason(ended),
    loginError: error && new BffError(error.code, { requestId: error.id }),
  }
}

/** `BFF-Session-Expires: idle=870, abs=25190` as milliseconds left. */
export function readExpires(header: string | null): readonly [idle: number, absolute: number] | null {
  const found = /^idle=(\d+), *abs=(\d+)$/.exec(header ?? '')
  return found && [+found[1]! * 1000, +found[2]! * 1000]
}
