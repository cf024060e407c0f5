/** Browsers fire a timer of 25 days or more at once, and delay long ones: so look again at least this often. */
export const SLICE_MS = 30_000

/** How long before the end to warn: at least 20 s (WCAG 2.2, 2.2.1), but a short session first has half a minute of peace. */
export const warningMs = (wanted = 120_000, idleWindowMs: number): number =>
  Math.max(20_000, Math.min(wanted, idleWindowMs - SLICE_MS))

/**
 * Milliseconds until the next look at something that does not answer: 1, 2, 4, 8, 15, 30 s for the network, 10, 10, 20, 40, 60 s for a service,
 * which may name the first wait itself. `dice`, in [0, 1), adds up to a fifth.
 */
export function probeDelay(code: string, attempt: number, retryAfterMs: number | undefined, dice: number): number {
  const seconds = code === 'unreachable' ? ([1, 2, 4, 8, 15][attempt] ?? 30) : attempt ? Math.min(60, 5 * 2 ** attempt) : 10
  return ((!attempt && retryAfterMs) || seconds * 1000) * (1 + dice / 5)
}
