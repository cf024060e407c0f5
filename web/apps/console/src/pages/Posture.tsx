import { useLive } from '../live'
import { Chip } from '../marks'
import { Table, type Column } from '../Table'
import type { Posture as Answer, PostureRow } from '../wire'
import { VERDICT } from '../words'

const COLUMNS: readonly Column<PostureRow>[] = [
  { name: 'Verdict', cell: (row) => <Chip tone={VERDICT[row.verdict]}>{row.verdict}</Chip> },
  { name: 'What', cell: (row) => <strong>{row.title}</strong> },
  { name: 'In force', cell: (row) => <code>{row.value}</code> },
  { name: 'Why', cell: (row) => row.reason },
  { name: 'Clause', cell: (row) => <span className="muted">{row.reference}</span> },
]

export function Posture() {
  const { data, error, reload } = useLive<Answer>('/posture')
  const areas = [...new Set((data?.rows ?? []).map((row) => row.area))]
  return (
    <>
      <div className="title">
        <h1>Posture</h1>
        {data && (
          <span className="verdicts">
            {(['fail', 'warn', 'pass'] as const).map((verdict) => (
              <Chip key={verdict} tone={VERDICT[verdict]}>
                {data.counts[verdict] ?? 0} {verdict}
              </Chip>
            ))}
          </span>
        )}
      </div>
      <p className="muted">The settings that this process runs with, held against RFC 10017 and the OWASP ASVS.</p>
      {data === null ? (
        <Table caption="Posture" columns={COLUMNS} rows={null} error={error} keyOf={(row) => row.id} empty="" onRetry={reload} />
      ) : (
        areas.map((area) => (
          <section key={area}>
            <h2>{area}</h2>
            <Table caption={area} columns={COLUMNS} rows={data.rows.filter((row) => row.area === area)} error={null} keyOf={(row) => row.id} empty="" onRetry={reload} />
          </section>
        ))
      )}
    </>
  )
}
