import type { ApiUse, AuditRow, RefreshRow, SessionDetail } from './wire'
import { useQuery } from './router'
import { duration, exact, useZone } from './time'
import { counted } from './words'

const WIDTH = 1000

interface Mark {
  readonly at: number
  readonly lane: number
  readonly tone: string
  readonly words: string
}

/** What the trail calls a reviewer's look and act. */
const REVIEWING = new Set(['sensitive_read', 'authz_admin'])

const LANES = ['sign-in', 'refresh', 'alerts', 'reviewers'] as const
const CALLS_LANE = 'API calls'

/** One session's life on one line: from its start to its absolute limit, access tokens drawn beneath. */
export function Ribbon({ detail, refreshes }: { detail: SessionDetail; refreshes: readonly RefreshRow[] }) {
  const row = detail.session
  const [zone] = useZone()
  if (row === null) return null
  const start = row.started_at
  const span = Math.max(1, row.absolute_expires_at - start)
  const x = (at: number): number => Math.min(WIDTH, Math.max(0, ((at - start) / span) * WIDTH))
  const renewed = refreshes.filter((one) => one.outcome === 'renewed').map((one) => one.at).sort((one, other) => one - other)
  const borders = [start, ...renewed, Math.min(row.access_expires_at, row.absolute_expires_at)]
  const words = `From ${exact(start, zone)} to at most ${exact(row.absolute_expires_at, zone)}; idle limit ${exact(row.idle_expires_at, zone)}; ${counted(renewed.length + 1, 'access token')}.`
  return (
    <figure className="card">
      <h2>Lifetime</h2>
      <svg className="ribbon" role="img" aria-label={words} viewBox={`0 0 ${WIDTH} 44`} preserveAspectRatio="none">
        <rect className="whole" x="0" y="4" width={WIDTH} height="14" rx="4" />
        <rect className="lived" x="0" y="4" width={x(detail.as_of)} height="14" rx="4" />
        <rect className="idle" x={x(row.idle_expires_at) - 1} y="0" width="3" height="22" />
        <rect className="now" x={x(detail.as_of) - 1} y="0" width="3" height="22" />
        {borders.slice(0, -1).map((from, index) => (
          <rect key={from} className={index % 2 === 0 ? 'token' : 'token other'} x={x(from)} y="28" width={Math.max(1, x(borders[index + 1] ?? from) - x(from))} height="10" />
        ))}
      </svg>
      <figcaption className="muted">{words}</figcaption>
    </figure>
  )
}

/** What happened in it, each kind on a lane of its own. */
export function Lanes({ detail, entries, refreshes }: { detail: SessionDetail; entries: readonly AuditRow[]; refreshes: readonly RefreshRow[] }) {
  const [query, change] = useQuery()
  const asList = query.get('timeline') === 'list'
  const marks = marksOf(detail, entries, refreshes)
  return (
    <figure className="card">
      <div className="title">
        <h2>Timeline</h2>
        <button type="button" className="quiet" aria-pressed={asList} onClick={() => change({ timeline: asList ? '' : 'list' })}>
          {asList ? 'Show as picture' : 'Show as list'}
        </button>
      </div>
      {asList ? <Listed marks={marks} calls={detail.calls} /> : <Drawn marks={marks} start={detail.session?.started_at ?? 0} until={detail.as_of} calls={detail.calls} />}
    </figure>
  )
}

/** The same as the picture, newest first. */
function Listed({ marks, calls }: { marks: readonly Mark[]; calls: ApiUse | null }) {
  const [zone] = useZone()
  const called = (calls?.slots ?? []).map(([at, count]) => ({ at, lane: CALLS_LANE, words: `${counted(count, 'call')} in ${duration(calls?.slot_seconds ?? 0)}` }))
  const all = [...called, ...marks.map((mark) => ({ ...mark, lane: LANES[mark.lane] }))]
  return (
    <ol className="happened" tabIndex={0} aria-label="Timeline, newest first">
      {all.sort((one, other) => other.at - one.at).map((mark, index) => (
        <li key={index}>
          <span className="figure">{exact(mark.at, zone)}</span> <span className="muted">{mark.lane}</span> {mark.words}
        </li>
      ))}
    </ol>
  )
}

/** A lane is as wide as there is room; its name keeps the size of the text around it. */
function Drawn({ marks, start, until, calls }: { marks: readonly Mark[]; start: number; until: number; calls: ApiUse | null }) {
  const [zone] = useZone()
  const first = Math.min(until - 60, ...marks.map((mark) => mark.at))
  const share = (at: number): number => 1 + ((at - first) / Math.max(1, until - first)) * 98
  const x = (at: number): string => `${share(at).toFixed(2)}%`
  const total = (calls?.slots ?? []).reduce((sum, [, count]) => sum + count, 0)
  return (
    <div className="lanes" role="img" aria-label={`${counted(marks.length, 'event')} and ${counted(total, 'API call')} since ${exact(first, zone)}; they can be shown as a list.`}>
      {LANES.map((lane, index) => (
        <div key={lane} className="lane">
          <span className="muted">{lane}</span>
          <svg height="24" width="100%">
            <line x1="0" x2="100%" y1="12" y2="12" />
            {marks.filter((mark) => mark.lane === index).map((mark, place) => (
              <circle key={place} className={mark.tone} cx={x(mark.at)} cy="12" r="5">
                <title>{`${exact(mark.at, zone)} ${mark.words}`}</title>
              </circle>
            ))}
          </svg>
        </div>
      ))}
      {calls !== null && (
        <div className="lane">
          <span className="muted">{CALLS_LANE}</span>
          <svg height="24" width="100%">
            <line x1="0" x2="100%" y1="12" y2="12" />
            {heat(calls, Math.max(first, start), until).map(({ from, to, count, strength }) => (
              <rect key={from} className="heat" x={x(from)} y="3" height="18" fillOpacity={strength} style={{ width: `max(3px, ${(share(to) - share(from)).toFixed(2)}%)` }}>
                <title>{`${exact(from, zone)} ${counted(count, 'call')}`}</title>
              </rect>
            ))}
          </svg>
        </div>
      )}
      <div className="lane muted">
        <span />
        <span className="ends"><span>{exact(first, zone)}</span><span>now</span></span>
      </div>
    </div>
  )
}

interface Heat {
  readonly from: number
  readonly to: number
  readonly count: number
  /** From a quarter to one: the busiest is the darkest. */
  readonly strength: number
}

/** The times in which something was called, cut to what is shown. */
export function heat(calls: ApiUse, first: number, until: number): readonly Heat[] {
  const top = Math.max(1, ...calls.slots.map(([, count]) => count))
  return calls.slots
    .filter(([at]) => at < until && at + calls.slot_seconds > first)
    .map(([at, count]) => ({ from: Math.max(at, first), to: Math.min(at + calls.slot_seconds, until), count, strength: 0.25 + 0.75 * (count / top) }))
}

/** The sign-in, from the session itself when its entry is not among those that are shown. */
function begun(detail: SessionDetail, entries: readonly AuditRow[]): readonly Mark[] {
  if (detail.session === null || entries.some((row) => row.event === 'authn_login_success')) return []
  return [{ at: detail.session.started_at, lane: 0, tone: 'good', words: 'Signed in' }]
}

export function marksOf(detail: SessionDetail, entries: readonly AuditRow[], refreshes: readonly RefreshRow[]): readonly Mark[] {
  const tone = { renewed: 'good', failed: 'warn', unknown: 'busy', refused: 'bad' } as const
  return [
    ...begun(detail, entries),
    ...entries.filter((row) => row.event.startsWith('authn_login') || row.event.startsWith('session_')).filter((row) => !row.event.includes('renew')).map((row) => ({ at: row.at, lane: 0, tone: row.outcome === 'success' ? 'good' : 'bad', words: row.title })),
    ...refreshes.map((row) => ({ at: row.at, lane: 1, tone: tone[row.outcome], words: row.outcome })),
    ...detail.alerts.map((row) => ({ at: row.last_at, lane: 2, tone: 'bad', words: row.title })),
    ...entries.filter((row) => REVIEWING.has(row.event)).map((row) => ({ at: row.at, lane: 3, tone: 'busy', words: row.title })),
  ]
}
