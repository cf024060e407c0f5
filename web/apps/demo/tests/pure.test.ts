import { describe, expect, it } from 'vitest'
import { clock, day, looksSecret } from '../src/format'
import { prepend, type Entry } from '../src/log'
import { plain } from '../src/router'

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

it('keeps the newest fifty entries', () => {
  const entry = (id: number): Entry => ({ id, at: new Date(0), method: 'GET', path: '/', status: 200, error: null, ms: 1 })
  const list = Array.from({ length: 60 }, (_, id) => entry(id)).reduce<readonly Entry[]>(prepend, [])
  expect(list.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, back) => 59 - back))
})

it('leaves clicks with a modifier to the browser', () => {
  const click = { button: 0, metaKey: false, ctrlKey: false, shiftKey: false, altKey: false }
  expect(plain(click)).toBe(true)
  expect(plain({ ...click, ctrlKey: true })).toBe(false)
  expect(plain({ ...click, button: 1 })).toBe(false)
})
