import { useState } from 'react'
import { act } from '../client'
import { Facet } from '../Facets'
import { exportsOf, listPath, useList } from '../lists'
import { useLive } from '../live'
import { Chip } from '../marks'
import { Link, useQuery } from '../router'
import { Ref, RunbookLink, Subject } from '../rows'
import { Table, Trouble, type Column } from '../Table'
import { When } from '../time'
import type { AlertRow, AlertStatus, Mutes } from '../wire'
import { ALERT, SEVERITY } from '../words'

const SPANS: Readonly<Record<string, number>> = { '1 hour': 3_600, '8 hours': 28_800, '1 day': 86_400, '7 days': 604_800 }

export function Alerts() {
  const [query] = useQuery()
  const path = listPath('/alerts', { status: query.get('status'), rule: query.get('rule'), subject: query.get('subject'), ref: query.get('ref') })
  const list = useList<AlertRow>(path)
  const mutes = useLive<Mutes>('/mutes')
  const [trouble, setTrouble] = useState<Error | null>(null)
  const now = list.first?.as_of ?? 0
  const done = (work: Promise<unknown>): void => {
    work.then(
      () => { setTrouble(null); list.reload(); mutes.reload() },
      (error: unknown) => setTrouble(error instanceof Error ? error : new Error('failed')),
    )
  }
  return (
    <>
      <h1>Alerts</h1>
      <div className="filters">
        <Facet name="Status" parameter="status" values={['open', 'new', 'acknowledged', 'closed', 'all']} counts={list.first?.facets['status']} />
      </div>
      {trouble !== null && <Trouble error={trouble} onRetry={list.reload} />}
      <Table
        caption="Alerts"
        columns={columns(now, done)}
        rows={list.rows}
        error={list.error}
        keyOf={(row) => row.id}
        empty="No alert: nothing suspicious has been seen."
        total={list.first?.total}
        onMore={list.more}
        onRetry={list.reload}
        exports={exportsOf(path)}
      />
      <Muted mutes={mutes.data} now={now} done={done} />
    </>
  )
}

function columns(now: number, done: (work: Promise<unknown>) => void): readonly Column<AlertRow>[] {
  return [
    { name: 'Severity', cell: (row) => <Chip tone={SEVERITY[row.severity]}>{row.severity}</Chip> },
    { name: 'Alert', cell: (row) => <><strong>{row.title}</strong><div><code className="muted">{row.rule}</code> <RunbookLink alert={row} /></div></> },
    { name: 'About', cell: (row) => (row.ref !== null ? <Ref value={row.ref} /> : row.subject !== null ? <Subject value={row.subject} /> : row.group) },
    { name: 'First', cell: (row) => <When at={row.first_at} now={now} /> },
    { name: 'Last', cell: (row) => <When at={row.last_at} now={now} /> },
    { name: 'Count', figure: true, cell: (row) => row.count },
    { name: 'Status', cell: (row) => <><Chip tone={ALERT[row.status]}>{row.status}</Chip>{row.by !== null && <div className="muted">{row.by}{row.note ? `: ${row.note}` : ''}</div>}</> },
    { name: 'Evidence', cell: (row) => <Link to={`/audit?q=${encodeURIComponent(row.evidence)}`}>Entries</Link> },
    { name: 'Decide', cell: (row) => <Decide row={row} done={done} /> },
  ]
}

function Decide({ row, done }: { row: AlertRow; done: (work: Promise<unknown>) => void }) {
  const [asking, setAsking] = useState<AlertStatus | 'mute' | null>(null)
  if (asking === null) {
    return (
      <span className="acts">
        {row.status === 'new' && <button type="button" className="quiet" onClick={() => setAsking('acknowledged')}>Acknowledge…</button>}
        {row.status !== 'closed' && <button type="button" className="quiet" onClick={() => setAsking('closed')}>Close…</button>}
        <button type="button" className="quiet" onClick={() => setAsking('mute')}>Mute…</button>
      </span>
    )
  }
  return (
    <form
      className="note"
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        const note = String(form.get('note') ?? '')
        setAsking(null)
        if (asking === 'mute') done(act('/mutes', { rule: row.rule, group: row.group, seconds: Number(form.get('seconds')), note }))
        else done(act(`/alerts/${encodeURIComponent(row.id)}`, { status: asking, note }))
      }}
    >
      <label>
        <span>Note</span>
        <input name="note" autoFocus maxLength={500} placeholder="What was found" />
      </label>
      {asking === 'mute' && (
        <label>
          <span>For</span>
          <select name="seconds">{Object.entries(SPANS).map(([name, seconds]) => <option key={name} value={seconds}>{name}</option>)}</select>
        </label>
      )}
      <button type="submit" className="primary">{asking === 'mute' ? 'Mute' : asking === 'closed' ? 'Close' : 'Acknowledge'}</button>
      <button type="button" className="quiet" onClick={() => setAsking(null)}>Cancel</button>
    </form>
  )
}

function Muted({ mutes, now, done }: { mutes: Mutes | null; now: number; done: (work: Promise<unknown>) => void }) {
  if (mutes === null || mutes.mutes.length === 0) return null
  return (
    <section className="card">
      <h2>Muted</h2>
      <ul className="plainly">
        {mutes.mutes.map((mute) => (
          <li key={mute.rule + mute.group}>
            <code>{mute.rule}</code> {mute.group} until <When at={mute.until} now={now} /> by {mute.by} {mute.note}{' '}
            <button type="button" className="quiet" onClick={() => done(act('/mutes', { rule: mute.rule, group: mute.group, seconds: 0 }))}>Unmute</button>
          </li>
        ))}
      </ul>
    </section>
  )
}
