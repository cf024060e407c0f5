import { describe, expect, it } from 'vitest'
import { hasFigures, type Line } from '../src/Plot'
import { carried } from '../src/router'
import { cookieWords } from '../src/words'

describe('addresses', () => {
  it('take along what is said for all pages, and nothing else', () => {
    expect(carried('/audit?q=x', '?times=local&entry=7')).toBe('/audit?q=x&times=local')
    expect(carried('/sessions', '?state=stuck')).toBe('/sessions')
    expect(carried('/?times=UTC', '?times=local')).toBe('/?times=UTC')
  })
})

describe('a plot', () => {
  const line = (draw: Line['draw'], dash = false): Line => ({ label: draw, colour: '--good', draw, dash })
  it('is not drawn for counts that are all zero, nor for a limit alone', () => {
    expect(hasFigures({ lines: [line('bars'), line('line')], columns: [[1, 2], [0, 0], [null, 0]] })).toBe(false)
    expect(hasFigures({ lines: [line('line', true)], columns: [[1], [75]] })).toBe(false)
    expect(hasFigures({ lines: [line('bars')], columns: [[1, 2], [0, 1]] })).toBe(true)
  })
  it('is drawn for a point at zero: renewed at the last moment', () => {
    expect(hasFigures({ lines: [line('points')], columns: [[1], [0]] })).toBe(true)
  })
})

describe('the cookie', () => {
  it('is told of without generations', () => {
    expect(cookieWords(0, 0)).toBe('the one from sign-in')
    expect(cookieWords(1, 1)).toBe('replaced 1 time; the browser uses the newest')
    expect(cookieWords(3, 2)).toBe('replaced 3 times; the browser has not shown the newest yet')
  })
})
