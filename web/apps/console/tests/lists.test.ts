import { describe, expect, it } from 'vitest'
import { requestOf, titleOf, type EndTarget } from '../src/EndDialog'
import { asksFor, auditQuery, exportsOf, listPath, toggled } from '../src/lists'
import { OUTCOMES, columnsOf, pointColumns, stackedColumns } from '../src/series'
import { figure } from '../src/words'

describe('lists', () => {
  it('leaves out empty filters and encodes the others', () => {
    expect(listPath('/sessions', { q: 'a&b', state: '', subject: null })).toBe('/sessions?q=a%26b')
    expect(listPath('/sessions', {})).toBe('/sessions')
  })
  it('exports the very list that is shown', () => {
    expect(exportsOf('/audit?q=x')).toEqual({ CSV: '/audit?q=x&format=csv', JSONL: '/audit?q=x&format=jsonl' })
    expect(exportsOf('/audit')['CSV']).toBe('/audit?format=csv')
  })
  it('leaves reviewers’ looks out of the trail unless they are asked for', () => {
    expect(auditQuery('', false)).toBe('-event:sensitive_read')
    expect(auditQuery('outcome:denied', false)).toBe('-event:sensitive_read outcome:denied')
    for (const q of ['event:sensitive_read', 'ip:192.0.2.7 action:sensitive_read', 'request:r1', '"request:r1"']) {
      expect(auditQuery(q, false)).toBe(q)
    }
    expect(auditQuery('-event:sensitive_read', false)).toBe('-event:sensitive_read -event:sensitive_read')
    expect(auditQuery('outcome:denied', true)).toBe('outcome:denied')
    expect(auditQuery('', true)).toBe('')
  })
  it('puts a term into the query, in the place of another for the same field, and takes it out again', () => {
    expect(toggled('', 'outcome', 'denied')).toBe('outcome:denied')
    expect(toggled('ref:s_1  outcome:error after:-1h', 'outcome', 'denied')).toBe('ref:s_1 after:-1h outcome:denied')
    expect(toggled('ref:s_1 outcome:denied', 'outcome', 'denied')).toBe('ref:s_1')
    expect(toggled('-outcome:denied', 'outcome', 'denied')).toBe('-outcome:denied outcome:denied')
    expect(asksFor('ref:s_1 outcome:denied', 'outcome', 'denied')).toBe(true)
    expect(asksFor('-outcome:denied', 'outcome', 'denied')).toBe(false)
  })
})

describe('series', () => {
  const series = { start: 100, step: 10, counts: { renewed: [3, 4], failed: [1, 0] } }
  it('gives each column its times, and zero for a name it does not have', () => {
    expect(columnsOf(series, ['failed', 'refused'])).toEqual([[100, 110], [1, 0], [0, 0]])
  })
  it('stacks so that the first name is the top', () => {
    expect(stackedColumns(series, ['renewed', 'failed'])).toEqual([[100, 110], [4, 4], [1, 0]])
  })
  it('sorts points by time and puts each into its outcome', () => {
    const points = [[20, 5, 0.1, 0, 'failed'], [10, 280, 0.2, 7, 'renewed']] as const
    expect(pointColumns(points, 1, OUTCOMES.slice(0, 2))).toEqual([[10, 20], [280, null], [null, 5]])
  })
})

describe('ending', () => {
  // req: N59
  it('asks for exactly what the reviewer saw, with the count that was confirmed', () => {
    const target: EndTarget = { kind: 'filter', filter: 'state=stuck', count: 12 }
    expect(titleOf(target)).toBe('End 12 sessions that match')
    expect(requestOf(target, 'incident')).toEqual({ reason: 'incident', filter: 'state=stuck', expected: 12 })
    expect(requestOf({ kind: 'everybody', count: 3 }, 'x')).toEqual({ reason: 'x', everybody: true, expected: 3 })
    expect(requestOf({ kind: 'subject', subject: 'u', count: 2 }, 'x')).toEqual({ reason: 'x', subject: 'u', expected: 2 })
  })
})

describe('figures', () => {
  it('never claims a hundred per cent that is not', () => {
    expect([figure(99.94, 'percent'), figure(100, 'percent'), figure(null, 'count'), figure(0.2134, 'seconds'), figure(31204, 'count')]).toEqual(['99.9 %', '100 %', '–', '213 ms', '31,204'])
  })
})
