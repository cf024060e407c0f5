import { expect, it } from 'vitest'
import { readAnswer, readExpires } from '../src/wire.js'

const signedIn = {
  authenticated: true,
  ref: 's_1',
  user: { sub: 'ada' },
  idle_expires_in: 870,
  absolute_expires_in: 25_190,
  extendable: true,
  token: 'stuck',
}

it('counts seconds left from when the question was asked', () => {
  const { session, stuck } = readAnswer(signedIn, 1_000_000)
  expect(session).toMatchObject({ ref: 's_1', idleAt: 1_870_000, absoluteAt: 26_190_000, deadline: { kind: 'idle' } })
  expect(stuck).toBe(true)
})

it('tells an end and a failed sign-in apart', () => {
  expect(readAnswer({ authenticated: false, ended: 'admin', login_error: null }, 0)).toMatchObject({ session: null, ended: 'admin' })
  expect(readAnswer({ authenticated: false, ended: null, login_error: { code: 'access_denied', id: 'req_1' } }, 0).loginError?.info.requestId).toBe('req_1')
})

it.each([null, 'x', {}, { authenticated: true }, '<html>'])('takes %j for a server that did not speak', (body) =>
  expect(() => readAnswer(body, 0)).toThrow(expect.objectContaining({ code: 'unreachable' })),
)

it('reads the deadlines of a proxied answer', () => {
  const { session } = readAnswer(signedIn, 0)
  expect(readExpires(session, 'idle=10, abs=5', 1_000_000)).toMatchObject({ idleAt: 1_010_000, deadline: { kind: 'absolute', at: 1_005_000 } })
  expect(readExpires(session, 'idle=x', 0)).toBeNull()
  expect(readExpires(null, 'idle=10, abs=5', 0)).toBeNull()
})
