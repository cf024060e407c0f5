import { describe, expect, it } from 'vitest'
import { heat, marksOf } from '../src/Ribbon'
import type { AuditRow, SessionDetail } from '../src/wire'
import { statusMix, stillEnding, trendWords } from '../src/words'

describe('a session’s renewals', () => {
  it('are told in words beside the line', () => {
    expect(trendWords([280, 281])).toBe('The last 2 renewals: none too late, at least 280 s left')
    expect(trendWords([0, 12])).toBe('The last 2 renewals: 1 failed or too late, at least 12 s left')
    expect(trendWords([0])).toBe('The last 1 renewal: 1 failed or too late')
  })
})

describe('what a session called', () => {
  it('is the darker the more, cut to the time that is shown', () => {
    const calls = { slot_seconds: 300, slots: [[0, 9], [300, 5], [600, 10], [900, 1]] as const, routes: [] }
    expect(heat(calls, 450, 700)).toEqual([
      { from: 450, to: 600, count: 5, strength: 0.625 },
      { from: 600, to: 700, count: 10, strength: 1 },
    ])
  })
  it('adds up to a whole bar, failures at its end', () => {
    const parts = statusMix({ '5xx': 1, '2xx': 3 })
    expect(parts.map(({ name, tone, from, to }) => [name, tone, from, to])).toEqual([['2xx', 'good', 0, 75], ['5xx', 'bad', 75, 100]])
    expect(statusMix({})).toEqual([])
  })
})

describe('the timeline', () => {
  const detail = { session: { started_at: 50 }, alerts: [] } as unknown as SessionDetail
  const entry = (event: string, at: number) => ({ event, at, outcome: 'success', title: event }) as unknown as AuditRow
  it('shows the sign-in of a long session, whose entry is too old to be listed, and never twice', () => {
    expect(marksOf(detail, [entry('session_ended', 90)], []).filter((mark) => mark.lane === 0).map((mark) => mark.at)).toEqual([50, 90])
    expect(marksOf(detail, [entry('authn_login_success', 51)], []).map((mark) => mark.at)).toEqual([51])
  })
})

describe('a session that is over here', () => {
  const row = (event: string, reason: string | null = null) => ({ event, reason })
  it('is still ending while the provider could not be reached to revoke its tokens', () => {
    expect(stillEnding([row('token_revocation_failed', 'revocation: status 503'), row('session_ended', 'admin')])).toBe(true)
    expect(stillEnding([row('token_revoked'), row('token_revocation_failed', 'revocation: status 503')])).toBe(false)
    expect(stillEnding([row('token_revocation_failed', 'expired'), row('token_revocation_failed', 'revocation: timeout')])).toBe(false)
    expect(stillEnding([row('session_ended', 'admin')])).toBe(false)
  })
})
