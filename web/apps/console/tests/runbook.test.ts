import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { adviceOf, pieces } from '../src/runbook'

describe('the runbook', () => {
  const advice = adviceOf(readFileSync(new URL('../../../../docs/operations/runbook.md', import.meta.url), 'utf8'))
  it('says of every alert what it means, where to look and what to do', () => {
    expect(advice.map((one) => one.rule)).toContain('handle_replayed')
    for (const one of advice) expect([one.rule, ...one.parts.map(([name]) => name)]).toEqual([one.rule, 'Means', 'Look', 'Do'])
  })
  it('shows code as code, and of a link its words', () => {
    expect(pieces('see `event:x` and [there](#there).')).toEqual([
      { code: false, text: 'see ' },
      { code: true, text: 'event:x' },
      { code: false, text: ' and there.' },
    ])
  })
})
