import { isSafe, mayReplay, type Attempt } from './replay.js'

/** `check`: ask the server who is signed in. `pause`: close the gate for a moment. `retry`: once more after a delay. */
export type Reaction = 'check' | 'pause' | 'retry' | 'return'

/** How often each reaction has happened to this request. */
export type Counts = Record<Reaction, number>

export interface Circumstances {
  readonly done: Counts
  readonly attempts: number
  readonly waitMs: number
  readonly maxDelayMs: number
  /** The page is visible and the network is not known to be gone. */
  readonly awake: boolean
}

/** Refresh under way: so many rounds, then the caller sees the 503. */
const ROUNDS = 3

/** Answers that put the session itself in doubt. */
export const doubtsSession = (code: string): boolean =>
  /^(session_(required|expired|revoked|changed)|reauth_required|csrf_failed)$/.test(code)

/** Something behind the session does not answer; the session is not affected. */
export const isOutage = (code: string): boolean => /^((idp|store)_unavailable|(upstream_)?unreachable)$/.test(code)

/** What the client does about `code`, an answer of the server (never of the API) or `unreachable`. */
export function reactTo(code: string, attempt: Attempt, around: Circumstances): Reaction {
  const { done } = around
  if (doubtsSession(code)) return done.check ? 'return' : 'check'
  if (!mayReplay(attempt)) return 'return'
  if (code === 'refresh_in_progress') return done.pause < ROUNDS ? 'pause' : 'return'
  if (!isOutage(code) && code !== 'upstream_timeout') return 'return'
  const wanted = isSafe(attempt.method) || attempt.replay === 'always' || attempt.keyed
  const inTime = around.awake && around.waitMs <= around.maxDelayMs
  return wanted && inTime && done.retry < around.attempts ? 'retry' : 'return'
}
