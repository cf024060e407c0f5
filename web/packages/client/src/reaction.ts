import { isSafe, mayReplay, type Attempt } from './replay.js'

/** `check`: ask the server who is signed in. `pause`: close the gate for a moment. `retry`: once more after a delay. */
export type Reaction = 'check' | 'pause' | 'retry' | 'return'

/** How often each reaction has happened to this request. */
export type Counts = Record<Reaction, number>

/** Refresh under way: so many rounds, then the caller sees the 503. */
const ROUNDS = 3

/** Something behind the session does not answer; the session is not affected. */
export const isOutage = (code: string): boolean => /^(idp|store)_|unreachable$/.test(code)

/**
 * What the client does about `code`, an answer of the server (never of the API) or `unreachable`. `attempts`: how many retries are
 * left to be had at all; none when nobody looks or the wait would be too long.
 */
export function reactTo(code: string, attempt: Attempt, done: Counts, attempts: number): Reaction {
  // These put the session itself in doubt.
  if (/^(session_|reauth_|csrf_)/.test(code)) return done.check ? 'return' : 'check'
  if (!mayReplay(attempt)) return 'return'
  if (code === 'refresh_in_progress') return done.pause < ROUNDS ? 'pause' : 'return'
  const wanted = isSafe(attempt.method) || attempt.replay === 'always' || attempt.keyed
  const helps = isOutage(code) || code === 'upstream_timeout'
  return wanted && helps && done.retry < attempts ? 'retry' : 'return'
}
