import { describe, expect, it } from 'vitest'
import { duration, exact, relative } from '../src/time'

describe('times', () => {
  it('says how long ago in the largest whole unit', () => {
    expect(relative(1000, 1000)).toBe('now')
    expect(relative(940, 1000)).toBe('1 min. ago')
    expect(relative(1000 + 7_200, 1000)).toBe('in 2 hr.')
  })
  it('writes durations with two units at most, and none below zero', () => {
    expect([-5, 9, 849, 7_500, 356_400].map(duration)).toEqual(['0 s', '9 s', '14 min 09 s', '2 h 05 min', '4 d 03 h'])
  })
  it('writes the exact moment in UTC', () => {
    expect(exact(0, 'UTC')).toBe('1970-01-01 00:00:00 UTC')
  })
})
