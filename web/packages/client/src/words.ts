import type { BffCode, BffErrorInfo } from './problem.js'

export interface Message {
  readonly title: string
  readonly detail: string
  readonly action: 'retry' | 'sign-in' | 'reload' | 'wait' | 'none'
}

type Entry = readonly [title: string, detail: string, action: Message['action']]

const KEPT = ' Your work is still on this page.'
const OVER: Entry = ['Please sign in again', `Your session has ended.${KEPT}`, 'sign-in']
const REVOKED: Entry = ['This session was ended', 'An administrator, or you on another device, ended it.', 'sign-in']
const BUSY: Entry = ['Just a moment', 'This takes longer than usual. Nothing was sent yet.', 'retry']
const GENERAL: Entry = ['That did not work', 'Please try again.', 'retry']

/** By the code of a problem, the reason why a session ended, or what a dialog asks. `{m}` and `{h}`: the limit in minutes, in hours. */
const WORDS: Record<string, Entry> = {
  session_revoked: REVOKED,
  session_required: ['Please sign in', 'You need to sign in for this.', 'sign-in'],
  session_expired: OVER,
  reauth_required: OVER,
  refresh_rejected: OVER,
  unknown: OVER,
  idle_timeout: ['You were signed out', `There was no activity for {m}.${KEPT}`, 'sign-in'],
  absolute_timeout: ['Time to sign in again', `Sessions last {h}.${KEPT}`, 'sign-in'],
  signed_out: ['You signed out', 'You signed out in another tab.', 'sign-in'],
  idp_logout: ['You signed out', 'You signed out of another application, and so of this one.', 'sign-in'],
  revoked: REVOKED,
  session_changed: ['Different account', 'Somebody else is signed in in another tab. Nothing was sent.', 'reload'],
  csrf_failed: ['That did not work', 'Nothing was sent. Reload the page and try again.', 'reload'],
  rate_limited: ['Too many requests', 'Please wait a moment before you try again.', 'wait'],
  refresh_in_progress: BUSY,
  queue_full: BUSY,
  queue_timeout: BUSY,
  idp_unavailable: [
    'Sign-in service not responding',
    'You are still signed in. Some actions will not work until it is back.',
    'retry',
  ],
  store_unavailable: ['Service not responding', 'You are still signed in. We will reconnect automatically.', 'retry'],
  upstream_unreachable: ['Service not responding', 'Nothing was sent. We will try again automatically.', 'retry'],
  upstream_timeout: [
    'Not sure if that was saved',
    'The service did not answer in time. Check before trying again.',
    'none',
  ],
  unreachable: ['No connection', 'We will reconnect automatically. Nothing was lost.', 'retry'],
  logout_failed: ['You are not signed out yet', 'The server could not be reached.', 'retry'],
  popup_blocked: ['The sign-in window was blocked', 'Allow windows for this site, or sign in on this page.', 'sign-in'],
  login_cancelled: ['Sign-in was not started', 'You are still on this page.', 'sign-in'],
  login_timeout: ['Sign-in took too long', 'Please start again.', 'sign-in'],
  checking: ['One moment', 'Checking whether you are still signed in…', 'wait'],
  expiring: ['Are you still there?', 'You will be signed out soon, because there has been no activity for a while.', 'none'],
  ending: ['Your session will end at', 'Save your work. It stays on this page when you sign in again.', 'sign-in'],
  login_failed: ['Sign-in did not complete', 'Please try again.', 'sign-in'],
  access_denied: ['Sign-in did not complete', 'The sign-in service did not allow it.', 'sign-in'],
}

/** What to tell a person about an error, or `{ code }` alone: no blame, no jargon, one action. English; `locale` formats the numbers in it. */
export function messageFor({ code, info = {} }: { readonly code: BffCode; readonly info?: BffErrorInfo }, locale?: string): Message {
  const [title, text, action] = WORDS[code] ?? GENERAL
  const { limitMs, retryAfterMs = 0, requestId } = info
  const count = (ms: number, one: string) => {
    const units = Math.round((limitMs ?? 0) / ms)
    return `${units.toLocaleString(locale)} ${one}${units === 1 ? '' : 's'}`
  }
  const detail = text
    .replace('{m}', limitMs! >= 60_000 ? count(60_000, 'minute') : 'a while')
    .replace('{h}', limitMs! >= 3_600_000 ? count(3_600_000, 'hour') : 'a set time')
  const seconds = Math.ceil(retryAfterMs / 1000)
  const wait = action === 'wait' && seconds ? ` (${seconds.toLocaleString(locale)} s)` : ''
  const reference = requestId ? ` Reference ${requestId}` : ''
  return { title, detail: detail + wait + reference, action }
}
