import { useState } from 'react'
import { EndDialog, type EndTarget } from '../EndDialog'
import { useLive } from '../live'
import { Chip, Empty } from '../marks'
import { Link } from '../router'
import { RunbookLink, auditColumns } from '../rows'
import { Table, Trouble } from '../Table'
import type { SignInDay, User as Answer } from '../wire'
import { SEVERITY, counted } from '../words'
import { sessionColumns } from './Sessions'

export function User({ subject }: { subject: string }) {
  const { data, error, reload } = useLive<Answer>(`/user?subject=${encodeURIComponent(subject)}`)
  const [target, setTarget] = useState<EndTarget | null>(null)
  if (data === null) return error === null ? <div className="skeleton tall" /> : <Trouble error={error} onRetry={reload} />
  return (
    <>
      <div className="title">
        <h1>{data.name ?? data.subject} <code className="muted">{data.subject}</code></h1>
        {data.sessions.length > 0 && (
          <button type="button" className="danger" onClick={() => setTarget({ kind: 'subject', subject, count: data.sessions.length })}>
            {data.sessions.length === 1 ? 'End the session…' : `End all ${data.sessions.length} sessions…`}
          </button>
        )}
      </div>
      <p className="muted">at {data.issuer}</p>
      <Calendar days={data.sign_ins} />
      <section>
        <h2>Sessions</h2>
        <Table caption={`Sessions of ${subject}`} columns={sessionColumns(data.as_of, (row) => setTarget({ kind: 'one', row }))} rows={data.sessions} error={error} keyOf={(row) => row.ref} empty="Not signed in anywhere." onRetry={reload} />
      </section>
      <section>
        <h2>Alerts</h2>
        {data.alerts.length === 0 ? <Empty>None.</Empty> : (
          <ul className="plainly card">
            {data.alerts.map((alert) => <li key={alert.id}><Chip tone={SEVERITY[alert.severity]}>{alert.severity}</Chip> <Link to={`/alerts?subject=${encodeURIComponent(subject)}&status=all`}>{alert.title}</Link> <RunbookLink alert={alert} /></li>)}
          </ul>
        )}
      </section>
      <section>
        <h2>Audit entries</h2>
        <Table caption={`Audit entries of ${subject}`} columns={auditColumns(data.as_of)} rows={data.audit} error={null} keyOf={(row) => row.id} empty="No entry." onRetry={reload} />
      </section>
      {target !== null && <EndDialog target={target} onClose={() => { setTarget(null); reload() }} />}
    </>
  )
}

/** Sign-ins by day: a column a week, the darker the more; a day with failures has a border. */
function Calendar({ days }: { days: readonly SignInDay[] }) {
  if (days.length === 0) return null
  const top = Math.max(1, ...days.map((day) => day.success))
  const offset = (new Date(`${days[0]?.day ?? '1970-01-01'}T00:00:00Z`).getUTCDay() + 6) % 7
  const total = days.reduce((sum, day) => sum + day.success, 0)
  const failed = days.reduce((sum, day) => sum + day.failed, 0)
  const weeks = Math.ceil((days.length + offset) / 7)
  return (
    <figure className="card">
      <h2>Sign-ins by day</h2>
      <svg className="calendar" role="img" aria-label={`${counted(total, 'sign-in')} and ${counted(failed, 'failure')} in ${counted(days.length, 'day')}`} viewBox={`0 0 ${weeks * 14} 98`} width={weeks * 14} height={98}>
        {days.map((day, index) => (
          <rect key={day.day} className={day.failed > 0 ? 'day failed' : 'day'} x={Math.floor((index + offset) / 7) * 14 + 1} y={((index + offset) % 7) * 14 + 1} width="11" height="11" rx="2" fillOpacity={day.success === 0 ? 0.08 : 0.25 + 0.75 * (day.success / top)}>
            <title>{`${day.day}: ${counted(day.success, 'sign-in')}, ${day.failed} failed`}</title>
          </rect>
        ))}
      </svg>
      <figcaption className="muted">{counted(total, 'sign-in')}, {counted(failed, 'failure')} in {counted(days.length, 'day')}.</figcaption>
    </figure>
  )
}
