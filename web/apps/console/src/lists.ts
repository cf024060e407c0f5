import { useCallback, useEffect, useState } from 'react'
import { ask } from './client'
import { useLive } from './live'
import type { Page } from './wire'

export interface Listed<Row> {
  readonly rows: readonly Row[] | null
  readonly first: Page<Row> | null
  readonly error: Error | null
  readonly more: (() => void) | undefined
  readonly reload: () => void
}

/** The address of a list with its filters; empty ones are left out. */
export function listPath(path: string, filters: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value) query.set(name, value)
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

/** Every look at the console is an entry too, and there are many of them. */
const WITHOUT_LOOKS = '-event:sensitive_read'
const ABOUT_LOOKS = /(^|[\s"])((event|action):sensitive_read|request:)/i

/** What the audit list asks for: reviewers' looks are left out unless they are `shown`, named, or what one request did. */
export const auditQuery = (q: string, shown: boolean): string =>
  shown || ABOUT_LOOKS.test(q) ? q : `${WITHOUT_LOOKS} ${q}`.trim()

/** The query with a term for `field` put in, in the place of any other for it; or taken out, if it is there. */
export function toggled(q: string, field: string, value: string): string {
  const term = `${field}:${value}`
  const words = q.split(/\s+/).filter((word) => word !== '')
  const others = words.filter((word) => !word.startsWith(`${field}:`))
  return (words.includes(term) ? others : [...others, term]).join(' ')
}

/** Whether the query has this very term. */
export const asksFor = (q: string, field: string, value: string): boolean => q.split(/\s+/).includes(`${field}:${value}`)

const joined = (path: string, parameter: string): string => `${path}${path.includes('?') ? '&' : '?'}${parameter}`

/** The same list as files: the whole result, not only the page that is shown. */
export const exportsOf = (path: string): Readonly<Record<string, string>> => ({
  CSV: joined(path, 'format=csv'),
  JSONL: joined(path, 'format=jsonl'),
})

/** A list of the review API, page by page: the first one live, the others as they were when they were asked for. */
export function useList<Row>(path: string): Listed<Row> {
  const { data, error, reload } = useLive<Page<Row>>(path)
  const [later, setLater] = useState<{ path: string; rows: readonly Row[]; next: string | null } | null>(null)
  const [trouble, setTrouble] = useState<Error | null>(null)
  useEffect(() => {
    setLater(null)
    setTrouble(null)
  }, [path])
  const known = later?.path === path ? later : null
  const next = known === null ? (data?.next ?? null) : known.next
  const more = useCallback(() => {
    if (next === null) return
    ask<Page<Row>>(joined(path, `cursor=${encodeURIComponent(next)}`)).then(
      (page) => setLater((was) => ({ path, rows: [...(was?.path === path ? was.rows : []), ...page.rows], next: page.next })),
      (reason: unknown) => setTrouble(reason instanceof Error ? reason : new Error('failed')),
    )
  }, [path, next])
  const rows = data === null ? null : known === null ? data.rows : [...data.rows, ...known.rows]
  const again = useCallback(() => {
    setLater(null)
    setTrouble(null)
    reload()
  }, [reload])
  return { rows, first: data, error: error ?? trouble, more: next === null ? undefined : more, reload: again }
}
