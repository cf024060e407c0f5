import { useEffect, useRef, useState } from 'react'
import { commonQuery, useNeighbours, type Within } from './entry'
import { Chip } from './marks'
import { exact, useZone } from './time'
import type { AuditRow } from './wire'
import { OUTCOME, SEVERITY } from './words'

const WITHIN: Readonly<Record<Within, string>> = { list: 'this list', request: 'the same request', session: 'the same session', user: 'the same user' }

interface DrawerProps {
  readonly row: AuditRow
  readonly listed: readonly AuditRow[]
  readonly onOpen: (row: AuditRow) => void
  readonly onClose: () => void
  readonly onQuery: (q: string) => void
}

/** One entry of the trail, whole, and the ways to its neighbours. */
export function Drawer({ row, listed, onOpen, onClose, onQuery }: DrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [zone] = useZone()
  useEffect(() => dialog.current?.showModal(), [])
  const around: readonly (readonly [string, string | null])[] = [
    ['Same request', commonQuery(row, 'request')],
    ['Same session', commonQuery(row, 'session')],
    ['Same user', commonQuery(row, 'user')],
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
        {exact(row.at, zone)}, entry {row.seq}, number {row.number} of chain <code>{row.chain}</code>
      </p>
      <Steps row={row} listed={listed} onOpen={onOpen} />
      <fieldset className="facet">
        <legend>List only</legend>
        {around.map(([name, q]) =>
          q ? (
            <button key={name} type="button" className="quiet" onClick={() => onQuery(q)}>
              {name}
            </button>
          ) : null,
        )}
      </fieldset>
      <pre tabIndex={0} aria-label="The entry as JSON">
        {JSON.stringify(row, null, 2)}
      </pre>
    </dialog>
  )
}

/** To the entry before and the one after, in the list or among those that share something with this one. */
function Steps({ row, listed, onOpen }: Pick<DrawerProps, 'row' | 'listed' | 'onOpen'>) {
  const [within, choose] = useState<Within>('list')
  const { newer, older, place, of } = useNeighbours(row, within, listed)
  const step = (to: AuditRow | undefined, name: string) => (
    <button type="button" aria-disabled={to === undefined} onClick={() => to && onOpen(to)}>
      {name}
    </button>
  )
  return (
    <div className="steps">
      {step(older, 'Previous')}
      {step(newer, 'Next')}
      <label>
        <span>in</span>
        <select value={within} onChange={(event) => choose(event.currentTarget.value as Within)}>
          {(Object.keys(WITHIN) as Within[]).filter((one) => one === 'list' || one === within || commonQuery(row, one) !== null).map((one) => <option key={one} value={one}>{WITHIN[one]}</option>)}
        </select>
      </label>
      <span className="muted" role="status">{place === 0 ? 'not among the newest here' : `${place} of ${of}, newest first`}</span>
    </div>
  )
}
