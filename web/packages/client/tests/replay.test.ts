import { describe, expect, it } from 'vitest'
import { isOutage, reactTo, type Counts } from '../src/reaction.js'
import { isSafe, mayReplay, type Attempt } from '../src/replay.js'

const attempt = (changes: Partial<Attempt>): Attempt => ({
  method: 'GET',
  forwarded: undefined,
  resendable: true,
  replay: 'auto',
  keyed: false,
  ...changes,
})

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH']

/** The table of the contract, written down a second time: which of the seven methods may be sent again. */
const TABLE: readonly [forwarded: boolean | undefined, changes: Partial<Attempt>, again: string][] = [
  [false, {}, 'GET HEAD OPTIONS PUT DELETE POST PATCH'],
  [true, {}, 'GET HEAD OPTIONS'],
  [true, { replay: 'always' }, 'GET HEAD OPTIONS PUT DELETE POST PATCH'],
  [true, { keyed: true }, 'GET HEAD OPTIONS POST PATCH'],
  [undefined, {}, 'GET HEAD OPTIONS'],
  [undefined, { replay: 'always' }, 'GET HEAD OPTIONS PUT DELETE'],
  [undefined, { keyed: true }, 'GET HEAD OPTIONS POST PATCH'],
  [undefined, { replay: 'always', keyed: true }, 'GET HEAD OPTIONS PUT DELETE POST PATCH'],
  [false, { replay: 'never' }, ''],
  [false, { resendable: false }, ''],
  [undefined, { replay: 'always', keyed: true, resendable: false }, ''],
]

// req: S14
describe('a request is sent again only if that cannot do anything twice', () => {
  it.each(TABLE)('the API saw it: %s, %o: %s', (forwarded, changes, again) => {
    const repeatable = METHODS.filter((method) => mayReplay(attempt({ ...changes, method, forwarded })))
    expect(repeatable.join(' ')).toBe(again)
  })

  it('knows the safe methods', () => {
    expect(METHODS.filter(isSafe)).toEqual(['GET', 'HEAD', 'OPTIONS'])
  })
})

const none: Counts = { check: 0, pause: 0, retry: 0, return: 0 }
const post = attempt({ method: 'POST', forwarded: false })
const get = attempt({ method: 'GET', forwarded: false })

// req: S14
describe('what a refusal leads to', () => {
  it.each(['session_required', 'session_expired', 'session_revoked', 'session_changed', 'reauth_required', 'csrf_failed'])(
    '%s: asks who is signed in, once, whatever the request',
    (code) => {
      expect(reactTo(code, post, none, 0)).toBe('check')
      expect(reactTo(code, attempt({ method: 'POST', resendable: false }), none, 0)).toBe('check')
      expect(reactTo(code, post, { ...none, check: 1 }, 1)).toBe('return')
    },
  )

  it('refresh_in_progress: pauses, three rounds, for what may be repeated', () => {
    expect(reactTo('refresh_in_progress', post, none, 0)).toBe('pause')
    expect(reactTo('refresh_in_progress', post, { ...none, pause: 2 }, 0)).toBe('pause')
    expect(reactTo('refresh_in_progress', post, { ...none, pause: 3 }, 9)).toBe('return')
    expect(reactTo('refresh_in_progress', attempt({ method: 'POST', resendable: false, forwarded: false }), none, 9)).toBe('return')
  })

  it.each(['idp_unavailable', 'store_unavailable', 'upstream_unreachable', 'unreachable', 'upstream_timeout'])(
    '%s: reads are tried again, writes only on request',
    (code) => {
      expect(reactTo(code, get, none, 1)).toBe('retry')
      expect(reactTo(code, get, { ...none, retry: 1 }, 1)).toBe('return')
      expect(reactTo(code, get, none, 0)).toBe('return')
      expect(reactTo(code, post, none, 1)).toBe('return')
      expect(reactTo(code, { ...post, replay: 'always' }, none, 1)).toBe('retry')
      expect(reactTo(code, { ...post, keyed: true }, none, 1)).toBe('retry')
    },
  )

  it('anything else is the caller\'s', () => {
    expect(reactTo('rate_limited', get, none, 1)).toBe('return')
    expect(reactTo('something_new', get, none, 1)).toBe('return')
  })

  it('knows an outage, which says nothing about the session', () => {
    expect(['idp_unavailable', 'store_unavailable', 'upstream_unreachable', 'unreachable'].filter(isOutage)).toHaveLength(4)
    expect(['upstream_timeout', 'refresh_in_progress', 'session_expired', 'my_unavailable'].filter(isOutage)).toEqual([])
  })
})
