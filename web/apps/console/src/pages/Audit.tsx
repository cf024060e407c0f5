import { Drawer } from '../Drawer'
import { Facet, TermFacet, TypedFilter } from '../Facets'
import { entryMark, useEntry } from '../entry'
import { auditQuery, exportsOf, listPath, useList } from '../lists'
import { useLive } from '../live'
import { Chip } from '../marks'
import { useQuery } from '../router'
import { auditColumns } from '../rows'
import { Table } from '../Table'
import { When } from '../time'
import type { AuditRow, ChainStatus } from '../wire'

const OUTCOMES = ['success', 'denied', 'error'] as const satisfies readonly AuditRow['outcome'][]
const SEVERITIES = ['info', 'warning', 'critical'] as const satisfies readonly AuditRow['severity'][]

const AGES: Readonly<Record<string, string>> = { '-1h': 'last hour', '-1d': 'last day' }

export function Audit() {
  const [query, change] = useQuery()
  const asked = query.get('q') ?? ''
  const q = auditQuery(asked, query.get('looks') === 'shown')
  const path = listPath('/audit', { q })
  const list = useList<AuditRow>(path)
  const now = list.first?.as_of ?? 0
  const opened = query.get('entry')
  const open = useEntry(opened, list.rows)
  return (
    <>
      <div className="title">
        <h1>Audit trail</h1>
        <Chain />
      </div>
      <div className="filters">
        <TypedFilter wide name="Query" parameter="q" placeholder="event:authn_token_reuse outcome:denied ref:s_… ip:192.0.2.7 after:-2h" />
        <TermFacet name="Outcome" field="outcome" values={OUTCOMES} counts={list.first?.facets['outcome']} />
        <TermFacet name="Severity" field="severity" values={SEVERITIES} counts={list.first?.facets['severity']} />
        <TermFacet name="Age" field="after" values={Object.keys(AGES)} words={AGES} />
        <Facet name="Reviewers’ looks" parameter="looks" values={['shown']} />
      </div>
      <Table
        caption="Audit trail, by sequence number"
        columns={auditColumns(now, (row) => change({ entry: entryMark(row) }))}
        rows={list.rows}
        error={list.error}
        keyOf={(row) => row.id}
        empty={q === asked ? 'No entry matches this query.' : 'No entry matches this query; reviewers’ looks are hidden.'}
        total={list.first?.exact ? list.first.total : undefined}
        onMore={list.more}
        onRetry={list.reload}
        exports={exportsOf(path)}
      />
      {open !== null && <Drawer row={open} listed={list.rows ?? []} onOpen={(row) => change({ entry: entryMark(row) })} onClose={() => change({ entry: '' })} onQuery={(q) => change({ q, entry: '' })} />}
    </>
  )
}

/** Whether the trail is as it was written, in one line. */
export function Chain() {
  const { data } = useLive<ChainStatus>('/audit/chain')
  if (data === null) return null
  return (
    <span className="chain">
      <Chip tone={!data.intact ? 'bad' : data.dropped > 0 || data.verified_at === null ? 'warn' : 'good'}>
        {!data.intact ? 'chain broken' : data.verified_at === null ? 'chain unverified' : 'chain intact'}
      </Chip>{' '}
      <span className="muted">
        {data.verified_at === null ? 'not verified yet' : <>verified to {data.verified_to}, <When at={data.verified_at} now={data.as_of} /></>}
        {data.dropped > 0 && `, ${data.dropped} entries lost and accounted for`}
      </span>
      {data.findings.length > 0 && (
        <ul>
          {data.findings.map((finding) => <li key={finding}>{finding}</li>)}
        </ul>
      )}
    </span>
  )
}
