import { useState } from 'react'
import { Id } from '../Copy'
import { EndDialog } from '../EndDialog'
import { exportsOf, listPath, useList } from '../lists'
import { useLive } from '../live'
import { Chip } from '../marks'
import { Lanes, Ribbon } from '../Ribbon'
import { Subject, auditColumns, refreshColumns } from '../rows'
import { Table, Trouble, type Column } from '../Table'
import { When, duration } from '../time'
import type { ApiUse, AuditRow, Page, RefreshRow, RouteUse, SessionDetail } from '../wire'
import { STATE, cookieWords, counted, figure, statusMix, stillEnding } from '../words'

export function Session({ reference }: { reference: string }) {
  const { data, error, reload } = useLive<SessionDetail>(`/sessions/${encodeURIComponent(reference)}`)
  const renewals = listPath('/refreshes', { ref: reference, after: '-7d' })
  const trail = listPath('/audit', { q: `ref:${reference}` })
  const refreshes = useList<RefreshRow>(renewals)
  const entries = useList<AuditRow>(trail)
  const [ending, setEnding] = useState(false)
  // A long life has more than a page of each: the pictures ask for the newest 200.
  const more = (list: { first: Page<unknown> | null }, path: string): string | null => (list.first !== null && list.first.next !== null ? `${path}&limit=200` : null)
  const manyRenewals = useLive<Page<RefreshRow>>(more(refreshes, renewals)).data?.rows ?? refreshes.rows ?? []
  const manyEntries = useLive<Page<AuditRow>>(more(entries, trail)).data?.rows ?? entries.rows ?? []
  if (data === null) return error === null ? <div className="skeleton tall" /> : <Trouble error={error} onRetry={reload} />
  return (
    <>
      <Head data={data} ending={data.session === null && stillEnding(entries.rows ?? [])} onEnd={() => setEnding(true)} />
      {error !== null && <Trouble error={error} onRetry={reload} />}
      <Ribbon detail={data} refreshes={manyRenewals} />
      <Lanes detail={data} entries={manyEntries} refreshes={manyRenewals} />
      <Tokens data={data} />
      {data.calls !== null && <Routes calls={data.calls} />}
      <section>
        <h2>Renewals</h2>
        <Table caption="Renewals of this session" columns={refreshColumns(data.as_of, true)} rows={refreshes.rows} error={refreshes.error} keyOf={(row) => String(row.seq)} empty="Not renewed yet." total={refreshes.first?.exact ? refreshes.first.total : undefined} onMore={refreshes.more} onRetry={refreshes.reload} exports={exportsOf(renewals)} />
      </section>
      <section>
        <h2>Audit entries</h2>
        <Table caption="Audit entries of this session" columns={auditColumns(data.as_of)} rows={entries.rows} error={entries.error} keyOf={(row) => row.id} empty="No entry." total={entries.first?.exact ? entries.first.total : undefined} onMore={entries.more} onRetry={entries.reload} exports={exportsOf(trail)} />
      </section>
      {ending && data.session !== null && <EndDialog target={{ kind: 'one', row: data.session }} onClose={() => { setEnding(false); reload() }} />}
    </>
  )
}

const ROUTES: readonly Column<RouteUse>[] = [
  { name: 'Route', cell: (row) => <code>{row.route}</code> },
  { name: 'Calls', figure: true, cell: (row) => figure(row.total, 'count') },
  { name: 'Answers', cell: (row) => <Mix statuses={row.statuses} /> },
]

/** What the session called, the busiest first. */
function Routes({ calls }: { calls: ApiUse }) {
  return (
    <section>
      <h2>Routes called</h2>
      <Table caption="Routes called by this session" columns={ROUTES} rows={calls.routes} error={null} keyOf={(row) => row.route} empty="No API was called in the last two days." onRetry={() => undefined} />
    </section>
  )
}

/** How an API answered, by class of status: a bar, and the same in words. */
function Mix({ statuses }: { statuses: RouteUse['statuses'] }) {
  const parts = statusMix(statuses)
  return (
    <span className="left mix">
      <svg viewBox="0 0 100 6" aria-hidden="true" preserveAspectRatio="none">
        {parts.map((part) => <rect key={part.name} className={part.tone} x={part.from} width={part.to - part.from} height="6" />)}
      </svg>
      {parts.map((part) => `${part.name} ${figure(part.count, 'count')}`).join(', ')}
    </span>
  )
}

function Head({ data, ending, onEnd }: { data: SessionDetail; ending: boolean; onEnd: () => void }) {
  const state = data.session?.state ?? 'ended'
  return (
    <>
      <div className="title">
        <h1>
          Session <Id value={data.ref} /> {ending ? <Chip tone="warn">ending</Chip> : <Chip tone={STATE[state]}>{state}</Chip>}
        </h1>
        {data.session !== null && <button type="button" className="danger" onClick={onEnd}>End session…</button>}
      </div>
      <dl className="facts card">
        <Fact name="User"><Subject value={data.subject} /> {data.session?.name}</Fact>
        <Fact name="Issuer">{data.issuer}</Fact>
        {data.session !== null && <Fact name="Started"><When at={data.session.started_at} now={data.as_of} /></Fact>}
        {data.session !== null && <Fact name="Last seen"><When at={data.session.seen_at} now={data.as_of} /></Fact>}
        {data.ended !== null && <Fact name="Ended"><When at={data.ended.at} now={data.as_of} />, {data.ended.reason.replaceAll('_', ' ')}{ending && '; the provider could not be reached to revoke its tokens and is tried again'}</Fact>}
        <Fact name="Authenticated"><When at={data.auth_time} now={data.as_of} /></Fact>
        <Fact name="How (acr)">{data.acr ?? 'not stated by the provider'}</Fact>
        <Fact name="Address">{data.session?.address ?? '–'}</Fact>
        <Fact name="Browser">{data.session?.agent ?? '–'}</Fact>
        {data.generation !== null && <Fact name="Cookie">{cookieWords(data.generation, data.acknowledged_generation)}</Fact>}
        {Object.entries(data.claims).map(([name, value]) => <Fact key={name} name={name}>{claimed(value)}</Fact>)}
      </dl>
    </>
  )
}

/** A claim as a person reads it: a list of words without its brackets. */
function claimed(value: unknown): string {
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.length === 0 ? 'none' : value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Metadata and fingerprints: a fingerprint is shown so that it can be seen to change, and says nothing else. */
function Tokens({ data }: { data: SessionDetail }) {
  const { access, refresh, renewal } = data
  return (
    <div className="cards">
      <section className="card">
        <h2>Access token</h2>
        {access === null ? <p className="muted">None.</p> : (
          <dl className="facts">
            <Fact name="Fingerprint"><code>{access.fingerprint}</code></Fact>
            <Fact name="Issued"><When at={access.issued_at} now={data.as_of} /></Fact>
            <Fact name="Expires"><When at={access.expires_at} now={data.as_of} /></Fact>
            <Fact name="Form">{access.form === 'jwt' ? 'JWT' : 'opaque'}, sent as Bearer</Fact>
            <Fact name="Audience">{access.audiences.join(' ') || (access.form === 'jwt' ? 'not stated' : 'known to the provider only')}</Fact>
            <Fact name="Scopes">{access.scopes.join(' ') || 'not stated'}</Fact>
            <Fact name="Valid at APIs for">{duration(data.stays_valid_seconds)} more</Fact>
          </dl>
        )}
      </section>
      <section className="card">
        <h2>Refresh token</h2>
        {refresh === null ? <p className="muted">None: the session ends with its access token.</p> : (
          <dl className="facts">
            <Fact name="Fingerprint"><code>{refresh.fingerprint}</code></Fact>
            <Fact name="Renewals">{refresh.renewals}</Fact>
            {refresh.renewals > 0 && access !== null && <Fact name="Last renewed"><When at={access.issued_at} now={data.as_of} /></Fact>}
            <Fact name="Family since"><When at={refresh.family_started_at} now={data.as_of} /></Fact>
            <Fact name="Expires">{refresh.expires_at === null ? 'not stated by the provider' : <When at={refresh.expires_at} now={data.as_of} />}</Fact>
          </dl>
        )}
      </section>
      <section className="card">
        <h2>ID Token and renewal</h2>
        <dl className="facts">
          <Fact name="ID Token">{data.identity ? 'present' : 'none'}</Fact>
          <Fact name="Provider session">{data.provider_session ? 'known (sid)' : 'not stated'}</Fact>
          <Fact name="Renewal">{renewal === null ? 'at rest' : renewal.in_flight ? <>under way since <When at={renewal.since} now={data.as_of} /></> : `${renewal.outcome ?? 'failed'}, ${counted(renewal.attempts, 'attempt')}${renewal.unknown ? ', outcome unknown' : ''}`}</Fact>
        </dl>
      </section>
    </div>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
