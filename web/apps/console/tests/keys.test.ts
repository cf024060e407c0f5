import { describe, expect, it } from 'vitest'
import { rowAfter } from '../src/keys'

describe('j and k', () => {
  it('begin at the first row and stop at the ends', () => {
    expect([rowAfter('j', -1, 3), rowAfter('j', 0, 3), rowAfter('j', 2, 3)]).toEqual([0, 1, 2])
    expect([rowAfter('k', -1, 3), rowAfter('k', 2, 3), rowAfter('k', 0, 3)]).toEqual([0, 1, 0])
  })
})
