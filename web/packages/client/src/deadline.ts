import { SLICE_MS } from './pace.js'
import type { SessionSnapshot } from './types.js'

const LATE_MS = 10_000
const DRIFT_MS = 5_000

/**
 * Slept, throttled, or somebody changed the clock: what we believed about time is worthless. `passedMs` by the wall clock and
 * `perfMs` by the monotonic one, which stands still during sleep, since a look that was to last `plannedMs`.
 */
export const timeJumped = (passedMs: number, perfMs: number, plannedMs: number): boolean =>
  passedMs - plannedMs > LATE_MS || Math.abs(passedMs - perfMs) > DRIFT_MS

/** Whether it is time to ask the server about `snapshot`, and when to look again (milliseconds from `now`). */
export function lookAt(
  snapshot: SessionSnapshot,
  now: number,
  warnMs: number,
  pollInMs: number,
): readonly [ask: boolean, nextMs: number] {
  const left = snapshot.session ? snapshot.session.deadline.at - now : Infinity
  const toWarning = left - warnMs
  const unwarned = snapshot.status === 'authenticated' && !snapshot.expiring
  // While something does not answer, the recovery asks at its own pace.
  const ask = toWarning <= 0 && (unwarned || (left <= 0 && !snapshot.degraded))
  const ahead = [toWarning, left, pollInMs].filter((ms) => ms > 0)
  return [ask, Math.max(1_000, Math.min(SLICE_MS, ...ahead))]
}

/** Is typing or clicking at `now` worth telling the server? A quarter of the idle window has gone, and we have not just told it. */
export const touchDue = (now: number, idleAt: number, idleWindowMs: number, touchedAt: number): boolean =>
  idleAt - now < idleWindowMs * 0.75 && now - touchedAt > Math.min(60_000, idleWindowMs / 4)
