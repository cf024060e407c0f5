import { describe, expect, it } from 'vitest'
import { progressWords } from '../src/EndProgress'

describe('an ending of many sessions', () => {
  it('says how many were gone through and how many of them ended', () => {
    expect(progressWords({ status: 'running', done: 1200, total: 31204, ended: 1198 })).toBe('1,200 of 31,204 sessions gone through, 1,198 ended')
    expect(progressWords({ status: 'done', done: 201, total: 201, ended: 200 })).toBe('201 sessions gone through, 200 ended')
  })
})
