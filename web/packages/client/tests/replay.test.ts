import { describe, expect, it } from 'vitest'
import { mayReplay, type Attempt } from '../src/replay.js'

const attempt = (changes: Partial<Attempt>): Attempt => ({
  method: 'GET',
  forwarded: undefined,
  resendable: true,
  replay: 'auto',
  keyed: false,
  ...changes,
})

describe('a request is sent again only if that cannot do anything twice', () => {
  it.each<[Partial<Attempt>, boolean]>([
    [{ method: 'GET' }, true],
    [{ method: 'HEAD', forwarded: true }, true],
    [{ method: 'POST', forwarded: false }, true],
    [{ method: 'DELETE', forwarded: false }, true],
    [{ method: 'POST', forwarded: true }, false],
    [{ method: 'POST', forwarded: undefined }, false],
    [{ method: 'PUT', forwarded: true }, false],
    [{ method: 'PUT', forwarded: true, replay: 'always' }, true],
    [{ method: 'DELETE', forwarded: undefined, replay: 'always' }, true],
    [{ method: 'POST', forwarded: true, keyed: true }, true],
    [{ method: 'POST', forwarded: undefined, keyed: true }, true],
    [{ method: 'POST', forwarded: true, replay: 'always' }, true],
    [{ method: 'POST', forwarded: undefined, replay: 'always' }, false],
    [{ method: 'GET', replay: 'never' }, false],
    [{ method: 'GET', resendable: false }, false],
  ])('%o: %s', (changes, again) => expect(mayReplay(attempt(changes))).toBe(again))
})
