import { Copy } from './Copy'
import { Chip } from './marks'
import { Link } from './router'
import type { Column } from './Table'
import { When } from './time'
import type { AlertRow, AuditRow, RefreshRow } from './wire'
import { OUTCOME, RENEWAL, SEVERITY, figure } from './words'

/** A reference that leads to its session. */
export function Ref({ value }: { value: string | null }) {
  return value === null ? <span className="muted">–</span> : <span className="id"><Link to={`/sessions/${value}`}><code>{value}</code></Link><Copy text={value} /></span>
}

/** A request that leads to its entries. */
function Request({ value }: { value: string }) {
  return (
    <span className="id">
      <Link to={`/audit?q=${encodeURIComponent(`request:${value}`)}`}><code>{value}</code></Link>
      <Copy text={value} />
    </span>
  )
}

/** A subject that leads to its user. */
export function Subject({ value }: { value: string | null }) {
  return value === null ? <span className="muted">–</span> : <Link to={`/user?subject=${encodeURIComponent(value)}`}>{value}</Link>
}

/** What to do about an alert: the team's own runbook if the settings name one, else the one that came with the product. */
export function RunbookLink({ alert }: { alert: Pick<AlertRow, 'rule' | 'runbook'> }) {
  const name = `Runbook: ${alert.rule}`
  return /^https?:/.test(alert.runbook) ? <a href={alert.runbook} target="_blank" rel="noreferrer" aria-label={name}>Runbook</a> : <Link to={`/runbook?rule=${alert.rule}`} aria-label={name}>Runbook</Link>
}

export function auditColumns(now: number, open?: (row: AuditRow) => void): readonly Column<AuditRow>[] {
  return [
    { name: 'Seq', figure: true, cell: (row) => (open ? <button type="button" className="seq opens" onClick={() => open(row)} aria-label={`Open entry ${row.seq}`}>{row.seq}</button> : row.seq) },
    { name: 'Time', cell: (row) => <When at={row.at} now={now} /> },
    { name: 'Severity', cell: (row) => <Chip tone={SEVERITY[row.severity]}>{row.severity}</Chip> },
    { name: 'Event', cell: (row) => <><span>{row.title}</span> <code className="muted">{row.event}</code></> },
    { name: 'Actor', cell: (row) => row.actor ?? '–' },
    { name: 'Subject', cell: (row) => <Subject value={row.subject} /> },
    { name: 'Ref', cell: (row) => <Ref value={row.ref} /> },
    { name: 'Address', cell: (row) => row.address ?? '–' },
    { name: 'Outcome', cell: (row) => <Chip tone={OUTCOME[row.outcome]}>{row.outcome}</Chip> },
    { name: 'Reason', cell: (row) => row.reason ?? '–' },
    { name: 'Request', cell: (row) => (row.request_id === null ? '–' : <Request value={row.request_id} />) },
  ]
}

export function refreshColumns(now: number, ofOneSession = false): readonly Column<RefreshRow>[] {
  const whose: readonly Column<RefreshRow>[] = ofOneSession
    ? []
    : [
        { name: 'User', cell: (row) => <Subject value={row.subject} /> },
        { name: 'Ref', cell: (row) => <Ref value={row.ref} /> },
      ]
  const number = (value: number | null): string => (value === null ? '–' : String(value))
  return [
    { name: 'Time', cell: (row) => <When at={row.at} now={now} /> },
    ...whose,
    { name: 'Trigger', cell: (row) => row.trigger ?? '–' },
    { name: 'Outcome', cell: (row) => <Chip tone={RENEWAL[row.outcome]}>{row.outcome}</Chip> },
    { name: 'Reason', cell: (row) => row.reason?.replaceAll('_', ' ') ?? '–' },
    { name: 'OAuth error', cell: (row) => (row.error === null ? '–' : <code>{row.error}</code>) },
    { name: 'Left when renewed', figure: true, cell: (row) => (row.seconds_left === null ? '–' : `${Math.round(row.seconds_left)} s`) },
    { name: 'Latency', figure: true, cell: (row) => figure(row.latency, 'seconds') },
    { name: 'Callers served', figure: true, cell: (row) => number(row.waiters) },
    { name: 'Attempts', figure: true, cell: (row) => number(row.attempts) },
    { name: 'New expiry', cell: (row) => (row.expires_at === null ? '–' : <When at={row.expires_at} now={now} />) },
    { name: 'Rotated', cell: (row) => (row.rotated === null ? '–' : row.rotated ? 'yes' : 'no') },
    { name: 'Request', cell: (row) => (row.request_id === null ? '–' : <Request value={row.request_id} />) },
  ]
}
