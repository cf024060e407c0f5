import { useMemo } from 'react'
import { listPath } from './lists'
import { useLive } from './live'
import type { AuditRow, Page } from './wire'

/** An entry as part of an address: its number, and its time, by which the server finds it again. */
export const entryMark = ({ seq, at }: AuditRow): string => `${seq}@${Math.floor(at)}`

const MOST = '200'

/** The entry that `mark` names: of the rows that are shown, else the server is asked for its second. */
export function useEntry(mark: string | null, rows: readonly AuditRow[] | null): AuditRow | null {
  const [seq = '', at = ''] = (mark ?? '').split('@')
  const is = (row: AuditRow): boolean => String(row.seq) === seq
  const shown = rows?.find(is) ?? null
  const wanted = shown === null && rows !== null && /^\d{9,11}$/.test(at)
  const second = useMaybe(wanted ? `after:${at} before:${Number(at) + 1}` : null)
  return shown ?? second?.find(is) ?? null
}

export type Within = 'list' | 'request' | 'session' | 'user'

/** What an entry has in common with the others of a kind; null if it has nothing. */
export function commonQuery(row: AuditRow, within: Within): string | null {
  const value = { list: null, request: row.request_id, session: row.ref, user: row.subject }[within]
  const name = { list: '', request: 'request', session: 'ref', user: 'subject' }[within]
  return value === null ? null : `${name}:"${value.replace(/["\\]/g, '\\$&')}"`
}

export interface Neighbours {
  readonly newer: AuditRow | undefined
  readonly older: AuditRow | undefined
  /** Its place, newest first, counted from one; 0: not among those that were looked at. */
  readonly place: number
  readonly of: number
}

/** The entries before and after one, in the list that is shown or among the newest 200 that have something in common with it. */
export function useNeighbours(row: AuditRow, within: Within, listed: readonly AuditRow[]): Neighbours {
  const asked = useMaybe(commonQuery(row, within))
  const rows = within === 'list' ? listed : (asked ?? [])
  return useMemo(() => {
    const index = rows.findIndex((one) => one.seq === row.seq)
    return { newer: rows[index - 1], older: index < 0 ? undefined : rows[index + 1], place: index + 1, of: rows.length }
  }, [rows, row.seq])
}

/** The newest entries that match, or nothing is asked. */
function useMaybe(q: string | null): readonly AuditRow[] | null {
  const { data } = useLive<Page<AuditRow>>(q === null ? null : listPath('/audit', { q, limit: MOST }))
  return data?.rows ?? null
}
