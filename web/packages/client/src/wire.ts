import { deadlineOf } from './deadline.js'
import { BffError } from './problem.js'
import type { EndReason, Session, SessionUser } from './types.js'

/** A session as the client keeps it: with the end that use moves, even when the other one is nearer. */
export interface LiveSession<U> extends Session<U> {
  readonly idleAt: number
  readonly extendable: boolean
}

/** What `GET {base}/session` said. */
export interface Answer<U> {
  readonly session: LiveSession<U> | null
  /** The session lives, but cannot be renewed at present. */
  readonly stuck: boolean
  readonly ended: EndReason | null
  readonly loginError: BffError | null
}

const END_REASONS: Record<string, EndReason> = {
  replaced: 'signed_out',
  idle: 'idle_timeout',
  absolute: 'absolute_timeout',
  admin: 'revoked',
  session_revoked: 'revoked',
  handle_replayed: 'revoked',
  reauth_required: 'refresh_rejected',
  refresh_outcome_lost: 'refresh_rejected',
  subject_changed: 'refresh_rejected',
  id_token_invalid: 'refresh_rejected',
}
const KNOWN = /^(signed_out|idle_timeout|absolute_timeout|revoked|idp_logout|refresh_rejected)$/

/** The server's word for an end, or a problem's code, in the client's seven words; null when it says nothing about one. */
export function endReason(word: unknown): EndReason | null {
  const text = String(word)
  return KNOWN.test(text) ? (text as EndReason) : (END_REASONS[text] ?? null)
}

/** `idleAt` and `absoluteAt` in milliseconds since the epoch. */
export function liveSession<U>(
  ref: string,
  user: U,
  idleAt: number,
  absoluteAt: number,
  extendable: boolean,
): LiveSession<U> {
  return { ref, user, deadline: deadlineOf(idleAt, absoluteAt, extendable), absoluteAt, idleAt, extendable }
}

/**
 * Believe a `/session` body once. Seconds left count from `startedAt`, when the question was asked: early by one round trip, never late.
 * Null when it is not the server speaking (a captive portal, a proxy's error page).
 */
export function readAnswer<U extends SessionUser>(body: any, startedAt: number): Answer<U> | null {
  if (body?.authenticated === false) {
    const error = body.login_error
    return {
      session: null,
      stuck: false,
      ended: body.ended ? (endReason(body.ended) ?? 'unknown') : null,
      loginError: error ? new BffError(error.code ?? 'login_failed', { requestId: error.id }) : null,
    }
  }
  const { ref, user, idle_expires_in: idle, absolute_expires_in: absolute, extendable } = body ?? {}
  if (typeof ref !== 'string' || typeof user?.sub !== 'string' || !(idle + absolute >= 0)) return null
  const session = liveSession<U>(ref, user, startedAt + idle * 1000, startedAt + absolute * 1000, extendable !== false)
  // The wire calls the health of the renewal `token`; it is a word, not a credential, and the name stays in this line.
  return { session, stuck: body.token === 'stuck', ended: null, loginError: null }
}

/** `BFF-Session-Expires: idle=870, abs=25190` as milliseconds left. */
export function readExpires(header: string | null): { readonly idle: number; readonly absolute: number } | null {
  const found = /^idle=(\d+), *abs=(\d+)$/.exec(header ?? '')
  return found && { idle: Number(found[1]) * 1000, absolute: Number(found[2]) * 1000 }
}
