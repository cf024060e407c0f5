import type { SessionSnapshot } from './types.js'

/** Browsers fire a timer of 25 days or more at once, and delay long ones: so look again at least this often. */
const SLICE_MS = 30_000
const LATE_MS = 10_000
const DRIFT_MS = 5_000

/** How long before the end to warn: at least 20 s (WCAG 2.2, 2.2.1), but a short session first has half a minute of peace. */
export const warningMs = (wanted = 120_000, idleWindowMs: number): number =>
  Math.max(20_000, Math.min(wanted, idleWindowMs - SLICE_MS))

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

/**
 * Milliseconds until the next look at something that does not answer: 1, 2, 4, 8, 15, 30 s for the network, 10, 10, 20, 40, 60 s for a service,
 * which may name the first wait itself. `dice`, in [0, 1), adds up to a fifth.
 */
export function probeDelay(code: string, attempt: number, retryAfterMs: number | undefined, dice: number): number {
  const seconds = code === 'unreachable' ? ([1, 2, 4, 8, 15][attempt] ?? 30) : attempt ? Math.min(60, 5 * 2 ** attempt) : 10
  return ((!attempt && retryAfterMs) || seconds * 1000) * (1 + dice / 5)
}
