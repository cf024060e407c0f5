import { describe, expect, it } from 'vitest'
import { lookAt, timeJumped, touchDue } from '../src/deadline.js'
import { probeDelay, warningMs } from '../src/pace.js'
import type { SessionSnapshot } from '../src/types.js'

// req: S16
describe('what we believed about time is worthless', () => {
  it.each<[string, number, number, number, boolean]>([
    ['an ordinary slice', 30_000, 30_000, 30_000, false],
    ['a slice a little late', 39_999, 39_999, 30_000, false],
    ['a slice much too late: throttled, or asleep with both clocks running', 40_001, 40_001, 30_000, true],
    ['asleep with the monotonic clock stopped', 3_600_000, 5_000, 30_000, true],
    ['the monotonic clock stopped, the date jumped within one slice', 12_000, 2_000, 30_000, true],
    ['somebody set the clock back', -86_400_000, 30_000, 30_000, true],
    ['somebody set the clock forward', 86_430_000, 30_000, 30_000, true],
    ['a small correction by a time server', 34_000, 30_000, 30_000, false],
    ['woken early, by a click', 3_000, 3_000, 30_000, false],
  ])('%s', (_, passed, perf, planned, jumped) => expect(timeJumped(passed, perf, planned)).toBe(jumped))
})

const authenticated = (left: number, more: object = {}) =>
  ({ status: 'authenticated', expiring: false, degraded: null, session: { deadline: { at: left } }, ...more }) as unknown as SessionSnapshot

describe('when to ask', () => {
  it.each<[string, SessionSnapshot, number, boolean, number]>([
    ['far away: in half a minute', authenticated(1_800_000), Infinity, false, 30_000],
    ['the poll comes first', authenticated(1_800_000), 12_000, false, 12_000],
    ['the warning comes first', authenticated(125_000), Infinity, false, 5_000],
    ['time to warn: asks first', authenticated(120_000), Infinity, true, 30_000],
    ['warned already: waits for the end', authenticated(20_000, { expiring: true }), Infinity, false, 20_000],
    ['over: asks', authenticated(0, { expiring: true }), Infinity, true, 30_000],
    ['over, but nobody answers: the recovery asks', authenticated(-5, { expiring: true, degraded: {} }), Infinity, false, 30_000],
    ['never sooner than a second', authenticated(120_300), Infinity, false, 1_000],
    ['nobody signed in', { status: 'anonymous', session: null } as unknown as SessionSnapshot, Infinity, false, 30_000],
  ])('%s', (_, snapshot, poll, ask, next) => expect(lookAt(snapshot, 0, 120_000, poll)).toEqual([ask, next]))

  it('warns two minutes ahead, never less than 20 s, and leaves a short session half a minute', () => {
    expect(warningMs(undefined, 1_800_000)).toBe(120_000)
    expect(warningMs(5_000, 1_800_000)).toBe(20_000)
    expect(warningMs(120_000, 90_000)).toBe(60_000)
    expect(warningMs(120_000, 30_000)).toBe(20_000)
  })

  it('tells the server of typing seldom', () => {
    expect(touchDue(0, 1_800_000, 1_800_000, -1e9)).toBe(false)
    expect(touchDue(460_000, 1_800_000, 1_800_000, 0)).toBe(true)
    expect(touchDue(460_000, 1_800_000, 1_800_000, 410_000)).toBe(false)
  })

  it('asks what does not answer ever more seldom', () => {
    const delays = (code: string, retryAfterMs?: number, dice = 0) => [0, 1, 2, 3, 4, 5, 6].map((n) => probeDelay(code, n, retryAfterMs, dice) / 1000)
    expect(delays('unreachable')).toEqual([1, 2, 4, 8, 15, 30, 30])
    expect(delays('idp_unavailable')).toEqual([10, 10, 20, 40, 60, 60, 60])
    expect(delays('idp_unavailable', 3_000, 0.999)[0]).toBeCloseTo(3.6, 1)
  })
})
