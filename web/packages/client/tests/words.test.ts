import { expect, it } from 'vitest'
import { BffError, messageFor, readProblem } from '../src/index.js'

const say = (code: string, info = {}, locale?: string) => messageFor(new BffError(code, info), locale)

it.each([
  ['idle_timeout', { limitMs: 1_800_000 }, 'You were signed out', 'There was no activity for 30 minutes. Your work is still on this page.', 'sign-in'],
  ['idle_timeout', {}, 'You were signed out', 'There was no activity for a while. Your work is still on this page.', 'sign-in'],
  ['absolute_timeout', { limitMs: 28_800_000 }, 'Time to sign in again', 'Sessions last 8 hours. Your work is still on this page.', 'sign-in'],
  ['revoked', {}, 'This session was ended', 'An administrator, or you on another device, ended it.', 'sign-in'],
  ['idp_unavailable', {}, 'Sign-in service not responding', 'You are still signed in. Some actions will not work until it is back.', 'retry'],
  ['unreachable', {}, 'No connection', 'We will reconnect automatically. Nothing was lost.', 'retry'],
  ['upstream_timeout', {}, 'Not sure if that was saved', 'The service did not answer in time. Check before trying again.', 'none'],
  ['login_failed', { requestId: 'req_9' }, 'Sign-in did not complete', 'Please try again. Reference req_9', 'sign-in'],
])('%s %o', (code, info, title, detail, action) => expect(say(code, info)).toEqual({ title, detail, action }))

it('says how long to wait, in the numbers of the reader', () => {
  expect(say('rate_limited', { retryAfterMs: 1_234_000 }, 'de').detail).toContain('1.234 s')
})

it('has words for a code it does not know, and no code in them', () => {
  expect(say('brand_new')).toMatchObject({ title: 'That did not work', action: 'retry' })
})

// req: S15
it('blames nobody and speaks no jargon', () => {
  const codes = 'session_required session_expired reauth_required session_revoked session_changed csrf_failed rate_limited refresh_in_progress queue_full queue_timeout store_unavailable upstream_unreachable logout_failed popup_blocked login_cancelled login_timeout access_denied signed_out idp_logout refresh_rejected unknown'
  for (const code of codes.split(' ')) {
    const { title, detail } = say(code)
    expect(`${title} ${detail}`, code).not.toMatch(/_|\b(invalid|illegal|forbidden|denied|error|csrf|upstream|idp|you (failed|must|did not))\b/i)
    expect(title.length, code).toBeGreaterThan(3)
  }
})

it('reads a problem, and leaves the body to the caller', async () => {
  const headers = { 'BFF-Error': 'upstream_timeout', 'BFF-Forwarded': 'yes', 'Retry-After': '7' }
  const response = new Response('{"request_id":"req_1"}', { status: 504, headers })
  expect(await readProblem(response)).toMatchObject({ code: 'upstream_timeout', info: { status: 504, forwarded: true, retryAfterMs: 7000, requestId: 'req_1' } })
  expect(response.bodyUsed).toBe(false)
})

it.each([
  [new Response('gone', { status: 401 }), null],
  [new Response('<html>', { status: 502, headers: { 'BFF-Error': 'upstream_unreachable' } }), 'upstream_unreachable'],
])('knows whose answer it is', async (response, code) => {
  const problem = await readProblem(response)
  expect(problem?.code ?? null).toBe(code)
  expect(problem?.info.forwarded).toBeUndefined()
})
