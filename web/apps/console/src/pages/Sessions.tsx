import { useState } from 'react'
import { EndDialog, type EndTarget } from '../EndDialog'
import { Choice, Facet, Moment, TypedFilter } from '../Facets'
import { exportsOf, listPath, useList } from '../lists'
import { Chip, Left, Sparkline } from '../marks'
import { Link, useQuery } from '../router'
import { Ref, Subject } from '../rows'
import { Table, type Column } from '../Table'
import { When, duration } from '../time'
import type { Page, SessionRow, SessionStatus } from '../wire'
import { STATE, trendWords } from '../words'
import { RecentEnds } from './Ends'

const STATES: readonly SessionStatus[] = ['active', 'idle', 'renewing', 'stuck']
const FILTERS = ['q', 'state', 'subject', 'address', 'agent', 'client_changed', 'started_after', 'started_before', 'sort'] as const
const AGES: Readonly<Record<string, number>> = { '10 minutes': 600, '1 hour': 3_600, '8 hours': 28_800, '1 day': 86_400, '3 days': 259_200 }
const SORTS: Readonly<Record<string, string>> = { '-started': 'newest first', started: 'oldest first', '-seen': 'last seen first', subject: 'by user', access_left: 'least time left', '-refreshes': 'most renewals' }

/** Browsers to choose from: those that the server has counted, else those that are shown, and the one that is chosen. */
function agentsOf(page: Page<SessionRow> | null, chosen: string | null): readonly string[] {
  const known = Object.keys(page?.facets['agent'] ?? {})
  const shown = known.length > 0 ? known : (page?.rows ?? []).map((row) => row.agent ?? '')
  return [...new Set([...shown, chosen ?? ''])].filter(Boolean).sort()
}

export function sessionColumns(now: number, end: (row: SessionRow) => void): readonly Column<SessionRow>[] {
  return [
    { name: 'State', cell: (row) => <><Chip tone={STATE[row.state]}>{row.state}</Chip>{row.alerts > 0 && <div><Link to={`/alerts?ref=${row.ref}&status=all`}>{row.alerts} {row.alerts === 1 ? 'alert' : 'alerts'}</Link></div>}</> },
    { name: 'User', cell: (row) => <><Subject value={row.subject} />{row.name !== null && <div className="muted">{row.name}</div>}</> },
    { name: 'Ref', cell: (row) => <><span className="opens"><Ref value={row.ref} /></span>{row.own && <div className="muted">your own session</div>}</> },
    { name: 'Last seen', cell: (row) => <><When at={row.seen_at} now={now} /><div className="muted since">since <When at={row.started_at} now={now} /></div></> },
    { name: 'Idle, absolute', cell: (row) => <span className="limits"><Left seconds={row.idle_expires_at - now} of={row.idle_expires_at - row.seen_at} text={duration(row.idle_expires_at - now)} /><Left seconds={row.absolute_expires_at - now} of={row.absolute_expires_at - row.started_at} text={duration(row.absolute_expires_at - now)} /></span> },
    { name: 'Access token', cell: (row) => <Left seconds={row.access_expires_at - now} of={row.access_lifetime} text={row.access_expires_at > now ? duration(row.access_expires_at - now) : 'expired'} /> },
    { name: 'Refreshes', figure: true, cell: (row) => <>{row.refreshes}{row.trend.length > 0 && <div><Sparkline values={row.trend} label={trendWords(row.trend)} width={72} height={18} /></div>}</> },
    { name: 'From', cell: (row) => <>{row.address ?? '–'}<div className="muted">{row.agent ?? '–'}</div>{row.client_changed && <Chip tone="warn">client changed</Chip>}</> },
    { name: 'End', cell: (row) => <button type="button" className="danger" onClick={() => end(row)} aria-label={`End session ${row.ref}`}>End…</button> },
  ]
}

export function Sessions() {
  const [query, change] = useQuery()
  const [target, setTarget] = useState<EndTarget | null>(null)
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name)]))
  const path = listPath('/sessions', filters)
  const list = useList<SessionRow>(path)
  const now = list.first?.as_of ?? 0
  const filter = new URLSearchParams(path.split('?')[1] ?? '')
  filter.delete('sort')
  const total = list.first?.total ?? 0
  return (
    <>
      <div className="title">
        <h1>Sessions</h1>
        {filter.size > 0 && total > 0 && list.first?.exact && (
          <button type="button" className="danger" onClick={() => setTarget({ kind: 'filter', filter: filter.toString(), count: total })}>
            {total === 1 ? 'End the one that matches…' : `End all ${total} that match…`}
          </button>
        )}
      </div>
      <RecentEnds />
      <div className="filters">
        <TypedFilter name="Search" parameter="q" placeholder="User, reference, address" />
        <TypedFilter name="User" parameter="subject" placeholder="Subject" />
        <TypedFilter name="Address" parameter="address" placeholder="192.0.2.0/24" />
        <Facet name="State" parameter="state" values={STATES} counts={list.first?.facets['state']} />
        <Facet name="Only" parameter="client_changed" values={['1']} words={{ '1': 'client changed' }} />
        <Choice name="Browser" parameter="agent" values={agentsOf(list.first, query.get('agent'))} />
        <Moment name="Younger than" parameter="started_after" spans={AGES} now={now} />
        <Moment name="Older than" parameter="started_before" spans={AGES} now={now} />
        <label>
          <span>Order</span>
          <select value={query.get('sort') ?? '-started'} onChange={(event) => change({ sort: event.currentTarget.value })}>
            {Object.entries(SORTS).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </label>
      </div>
      <Table
        caption="Sessions"
        columns={sessionColumns(now, (row) => setTarget({ kind: 'one', row }))}
        rows={list.rows}
        error={list.error}
        keyOf={(row) => row.ref}
        empty={filter.size > 0 ? 'No session matches these filters.' : 'Nobody is signed in.'}
        total={list.first?.total}
        onMore={list.more}
        onRetry={list.reload}
        exports={exportsOf(path)}
      />
      {target !== null && <EndDialog target={target} onClose={() => { setTarget(null); list.reload() }} />}
    </>
  )
}
