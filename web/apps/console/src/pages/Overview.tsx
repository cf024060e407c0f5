import { useMemo } from 'react'
import { Chip, Empty, Sparkline } from '../marks'
import { Plot, type Line } from '../Plot'
import { Link } from '../router'
import { RunbookLink, auditColumns } from '../rows'
import { columnsOf, stackedColumns } from '../series'
import { Table, Trouble } from '../Table'
import { When } from '../time'
import type { Overview as Answer, Tile } from '../wire'
import { SEVERITY, figure } from '../words'

const NAMES: Readonly<Record<Tile['id'], readonly [string, string]>> = {
  sessions: ['Active sessions', '/sessions'],
  sign_ins: ['Sign-ins', '/audit?q=event%3Aauthn_login_success'],
  refresh_success: ['Refresh success', '/refreshes'],
  refresh_p95: ['Refresh p95', '/refreshes'],
  refused: ['Refused requests', '/audit?q=outcome%3Adenied'],
  revocations: ['Sessions ended', '/audit?q=event%3Asession_ended'],
  alerts: ['Open alerts', '/alerts'],
}
const OUTCOMES: readonly Line[] = [
  { label: 'renewed', colour: '--good', draw: 'bars' },
  { label: 'failed', colour: '--warn', draw: 'bars' },
  { label: 'unknown', colour: '--busy', draw: 'bars' },
  { label: 'refused', colour: '--bad', draw: 'bars' },
]

export function Overview({ data, error, reload }: { data: Answer | null; error: Error | null; reload: () => void }) {
  const refreshes = useMemo(() => (data === null ? [] : stackedColumns(data.refreshes, OUTCOMES.map((line) => line.label))), [data])
  const names = useMemo(() => Object.keys(data?.sessions.counts ?? {}), [data])
  const sessions = useMemo(() => (data === null ? [] : columnsOf(data.sessions, names)), [data, names])
  if (data === null) return error === null ? <div className="skeleton tall" /> : <Trouble error={error} onRetry={reload} />
  const lines: readonly Line[] = names.map((label, index) => ({ label, colour: index === 0 ? '--accent' : '--muted', draw: 'line' }))
  return (
    <>
      <div className="title">
        <h1>Overview</h1>
        <span className="muted">the last 24 hours, as of <When at={data.as_of} now={data.as_of} /></span>
      </div>
      {error !== null && <Trouble error={error} onRetry={reload} />}
      <div className="tiles">
        {data.tiles.map((tile) => <OneTile key={tile.id} tile={tile} />)}
      </div>
      <div className="two">
        <Plot title="Refresh outcomes" summary="By time; bars are stacked, shaded stretches are provider outages." lines={OUTCOMES} columns={refreshes} unit="refreshes" bands={data.outages} />
        <Plot title="Sessions over time" summary="Live sessions, as counted." lines={lines} columns={sessions} unit="sessions" bands={data.outages} />
      </div>
      <section>
        <div className="title"><h2>Open alerts</h2><Link to="/alerts">All alerts</Link></div>
        {data.alerts.length === 0 ? <Empty>No open alert.</Empty> : (
          <ul className="plainly card">
            {data.alerts.map((alert) => (
              <li key={alert.id}>
                <Chip tone={SEVERITY[alert.severity]}>{alert.severity}</Chip> <Link to="/alerts">{alert.title}</Link>{' '}
                <span className="muted">{alert.count} × since <When at={alert.first_at} now={data.as_of} /></span>{' '}
                <RunbookLink alert={alert} />
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <div className="title"><h2>Last entries of the trail</h2><Link to="/audit">Audit trail</Link></div>
        <Table caption="Last entries" columns={auditColumns(data.as_of)} rows={data.audit} error={null} keyOf={(row) => row.id} empty="Nothing has happened yet." onRetry={reload} />
      </section>
    </>
  )
}

function OneTile({ tile }: { tile: Tile }) {
  const [name, to] = NAMES[tile.id]
  const trend = tile.trend.map((value) => value ?? 0)
  return (
    <Link to={to} className="card tile">
      <span className="muted">{name}</span>
      <span className="big">{figure(tile.value, tile.unit)}</span>
      {tile.trend.some((value) => value !== null) && <Sparkline values={trend} label={`The last 24 hours: from ${figure(Math.min(...trend, Infinity) === Infinity ? null : Math.min(...trend), tile.unit)} to ${figure(trend.length > 0 ? Math.max(...trend) : null, tile.unit)}`} width={140} height={28} />}
    </Link>
  )
}
