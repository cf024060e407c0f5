import type { Tone } from './marks'
import type { AlertStatus, AuditRow, Outcome, RefreshOutcome, SessionStatus, Severity, Verdict } from './wire'

export const STATE: Readonly<Record<SessionStatus, Tone>> = { active: 'good', idle: 'plain', renewing: 'busy', stuck: 'warn', ended: 'bad' }
export const SEVERITY: Readonly<Record<Severity, Tone>> = { info: 'plain', warning: 'warn', critical: 'bad' }
export const OUTCOME: Readonly<Record<Outcome, Tone>> = { success: 'good', denied: 'warn', error: 'bad' }
export const RENEWAL: Readonly<Record<RefreshOutcome, Tone>> = { renewed: 'good', failed: 'warn', unknown: 'warn', refused: 'bad' }
export const ALERT: Readonly<Record<AlertStatus, Tone>> = { new: 'bad', acknowledged: 'busy', closed: 'plain' }
export const VERDICT: Readonly<Record<Verdict, Tone>> = { pass: 'good', warn: 'warn', fail: 'bad' }

/** A figure with its unit, or a dash. */
export function figure(value: number | null, unit: 'count' | 'percent' | 'seconds'): string {
  if (value === null) return '–'
  if (unit === 'percent') return `${value.toFixed(value >= 99.95 || value === 0 ? 0 : 1)} %`
  if (unit === 'seconds') return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`
  return new Intl.NumberFormat('en').format(value)
}

/** "1 session", "2 sessions": a figure and what is counted. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${new Intl.NumberFormat('en').format(count)} ${count === 1 ? one : many}`

/** The session's cookie in words: it is replaced with each renewal, and the browser shows by its next call that it has the new one. */
export function cookieWords(generation: number, acknowledged: number | null): string {
  if (generation === 0) return 'the one from sign-in'
  const replaced = `replaced ${counted(generation, 'time')}`
  return acknowledged === generation ? `${replaced}; the browser uses the newest` : `${replaced}; the browser has not shown the newest yet`
}

const CLASSES: Readonly<Record<string, Tone>> = { '2xx': 'good', '3xx': 'busy', '4xx': 'warn', '5xx': 'bad' }

/** Answers by class of status as stretches of a bar from 0 to 100, in the order of the classes. */
export function statusMix(statuses: Readonly<Record<string, number>>): readonly { readonly name: string; readonly count: number; readonly tone: Tone; readonly from: number; readonly to: number }[] {
  const total = Math.max(1, Object.values(statuses).reduce((sum, count) => sum + count, 0))
  let from = 0
  return Object.entries(statuses).sort(([one], [other]) => one.localeCompare(other)).map(([name, count]) => {
    const to = from + (100 * count) / total
    const part = { name, count, tone: CLASSES[name] ?? 'plain', from, to }
    from = to
    return part
  })
}

/** The sparkline of a session's renewals in words. */
export function trendWords(left: readonly number[]): string {
  const failed = left.filter((seconds) => seconds === 0).length
  const least = Math.min(...left.filter((seconds) => seconds > 0))
  const late = Number.isFinite(least) ? `, at least ${least} s left` : ''
  return `The last ${counted(left.length, 'renewal')}: ${failed === 0 ? 'none too late' : `${failed} failed or too late`}${late}`
}

/**
 * Whether a session that is over here still has tokens that the provider is to revoke and could not be reached for; they are tried
 * again in the background. `entries` are the session's, newest first.
 */
export function stillEnding(entries: readonly Pick<AuditRow, 'event' | 'reason'>[]): boolean {
  const last = entries.find((row) => row.event === 'token_revoked' || row.event === 'token_revocation_failed')
  return last?.event === 'token_revocation_failed' && (last.reason ?? '').includes(':')
}
