import { describe, expect, it } from 'vitest'
import { ago, clock, day, looksSecret, size } from '../src/format'
import { prepend, type Entry } from '../src/log'
import { match, plain } from '../src/router'

describe('clock', () => {
  it.each([
    [-3, '0:00'],
    [65, '1:05'],
    [3600, '01:00:00'],
    [604_799, '6 d 23:59:59'],
  ])('shows %d seconds as %s', (seconds, text) => expect(clock(seconds)).toBe(text))
})

it('shows a day without a time zone moving it', () => expect(day('2026-12-03')).toBe('Dec 3, 2026'))

it('knows a credential by its shape', () => {
  expect(looksSecret('eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.x')).toBe(true)
  expect(looksSecret('{"ref":"s_orsNeV6dWvIF5uXNQAfhCA"}')).toBe(false)
})

it('keeps the newest sixty entries', () => {
  const entry = (id: number): Entry => ({ id, at: 0, method: 'GET', path: '/', status: 200, error: null, forwarded: null, attempt: 1, waited: 0, ms: 1, pin: 'anon' })
  const list = Array.from({ length: 70 }, (_, id) => entry(id)).reduce<readonly Entry[]>(prepend, [])
  expect(list.map(({ id }) => id)).toEqual(Array.from({ length: 60 }, (_, back) => 69 - back))
})

it('leaves clicks with a modifier to the browser', () => {
  const click = { button: 0, metaKey: false, ctrlKey: false, shiftKey: false, altKey: false }
  expect(plain(click)).toBe(true)
  expect(plain({ ...click, ctrlKey: true })).toBe(false)
  expect(plain({ ...click, button: 1 })).toBe(false)
})

it.each([
  ['/', '/', ''],
  ['/events', '/events/', ''],
  ['/events/:id', '/events/a%20b', 'a b'],
  ['/events/:id', '/events', null],
  ['/events/:id', '/events/a/b', null],
  ['/events', '/leads', null],
])('matches %s with %s', (pattern, path, parameter) => expect(match(pattern, path)).toBe(parameter))

it.each([
  [0, '0 B'],
  [1500, '1.5 kB'],
  [64_000_000, '64 MB'],
])('writes %d bytes as %s', (bytes, text) => expect(size(bytes)).toBe(text))

it.each([
  [1, '1 second ago'],
  [150, '2 minutes ago'],
  [90_000, '1 day ago'],
])('%d seconds ago are %s', (seconds, text) => expect(ago(1000, (1000 + seconds) * 1000)).toBe(text))
