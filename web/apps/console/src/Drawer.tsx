import { useEffect, useRef } from 'react'
import { Chip } from './marks'
import { exact } from './time'
import type { AuditRow } from './wire'
import { OUTCOME, SEVERITY } from './words'

/** One entry of the trail, whole, and the ways to its neighbours. */
export function Drawer({ row, onClose, onQuery }: { row: AuditRow; now: number; onClose: () => void; onQuery: (q: string) => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const around: readonly (readonly [string, string | null])[] = [
    ['Same request', row.request_id && `request:${row.request_id}`],
    ['Same session', row.ref && `ref:${row.ref}`],
    ['Same user', row.subject && `subject:${row.subject}`],
    ['Same address', row.address && `ip:${row.address}`],
  ]
  return (
    <dialog ref={dialog} className="drawer" aria-labelledby="entry" onClose={onClose}>
      <div className="title">
        <h2 id="entry">{row.title}</h2>
        <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <p>
        <Chip tone={SEVERITY[row.severity]}>{row.severity}</Chip> <Chip tone={OUTCOME[row.outcome]}>{row.outcome}</Chip>
      </p>
      <p className="muted">
        {exact(row.at, 'UTC')}, entry {row.seq}, number {row.number} of chain <code>{row.chain}</code>
      </p>
      <div className="facet">
        {around.map(([name, q]) =>
          q ? (
            <button key={name} type="button" className="quiet" onClick={() => onQuery(q)}>
              {name}
            </button>
          ) : null,
        )}
      </div>
      <pre tabIndex={0} aria-label="The entry as JSON">
        {JSON.stringify(row, null, 2)}
      </pre>
    </dialog>
  )
}
