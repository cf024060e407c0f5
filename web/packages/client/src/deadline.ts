import type { Deadline } from './types.js'

/** Browsers fire a timer of 25 days or more at once, and delay long ones: so look again at least this often. */
export const SLICE_MS = 30_000
const LATE_MS = 10_000
const DRIFT_MS = 5_000

/** The nearer of two ends; only the idle one can be moved. */
export function deadlineOf(idleAt: number, absoluteAt: number, extendable: boolean): Deadline {
  return idleAt < absoluteAt
    ? { kind: 'idle', at: idleAt, extendable }
    : { kind: 'absolute', at: absoluteAt, extendable: false }
}

/** How long before the end to warn: at least 20 s (WCAG 2.2, 2.2.1), but a short session first has half a minute of peace. */
export const warningMs = (wanted: number, idleWindowMs: number): number =>
  Math.max(20_000, Math.min(wanted, idleWindowMs - SLICE_MS))

export interface Clocks {
  /** Wall clock, milliseconds. */
  readonly now: number
  /** Monotonic clock, milliseconds; stands still while the computer sleeps. */
  readonly perf: number
}

/** Slept, throttled, or somebody changed the clock: what we believed about time is worthless. */
export function timeJumped(was: Clocks, is: Clocks, dueAt: number): boolean {
  const drift = is.now - was.now - (is.perf - was.perf)
  return is.now - dueAt > LATE_MS || Math.abs(drift) > DRIFT_MS
}

export interface Moment {
  readonly now: number
  readonly deadlineAt: number
  readonly warnMs: number
  readonly expiring: boolean
  readonly degraded: boolean
  readonly visible: boolean
  /** What we know may be out of date. */
  readonly stale: boolean
  /** When the server last said something. */
  readonly heardAt: number
  /** Infinity: never poll. */
  readonly pollMs: number
}

/** Whether to ask the server now, and when to look again (milliseconds from now). */
export function lookAt(m: Moment): { readonly ask: boolean; readonly nextMs: number } {
  const left = m.deadlineAt - m.now
  const toWarning = left - m.warnMs
  const toPoll = m.heardAt + m.pollMs - m.now
  // While something does not answer, the recovery asks at its own pace.
  const due = (toWarning <= 0 && !m.expiring) || (left <= 0 && !m.degraded)
  const ask = due || (m.visible && (m.stale || toPoll <= 0))
  const ahead = [toWarning, left, toPoll].filter((ms) => ms > 0)
  return { ask, nextMs: Math.max(1_000, Math.min(SLICE_MS, ...ahead)) }
}

/** Is typing or clicking at `now` worth telling the server? A quarter of the idle window has gone, and we have not just told it. */
export function touchDue(now: number, idleAt: number, idleWindowMs: number, touchedAt: number): boolean {
  const quarter = idleWindowMs / 4
  return idleAt - now < idleWindowMs - quarter && now - touchedAt > Math.min(60_000, quarter)
}

const NETWORK = [1, 2, 4, 8, 15, 30]
const SERVICE = [10, 10, 20, 40, 60]

/** Milliseconds until the next look at something that does not answer. `dice` is a random number in [0, 1). */
export function probeDelay(code: string, attempt: number, retryAfterMs: number | undefined, dice: number): number {
  const steps = code === 'unreachable' ? NETWORK : SERVICE
  const step = (steps[attempt] ?? steps.at(-1) ?? 0) * 1000
  return (attempt ? step : (retryAfterMs ?? step)) * (1 + dice / 5)
}
