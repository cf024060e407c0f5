import { EndProgress, progressWords } from '../EndProgress'
import { useLive } from '../live'
import { Chip } from '../marks'
import { Link } from '../router'
import { When } from '../time'
import type { EndJobs } from '../wire'

/** One ending of many sessions. */
export function Ends({ id }: { id: string }) {
  return (
    <>
      <div className="title">
        <h1>Ending many sessions</h1>
        <Link to="/sessions">Sessions</Link>
      </div>
      <EndProgress id={id} />
    </>
  )
}

/** Those that are under way, were interrupted, or ended within the day. */
export function RecentEnds() {
  const { data } = useLive<EndJobs>('/ends')
  const recent = (data?.jobs ?? []).filter((job) => job.status !== 'done' || job.as_of - (job.finished_at ?? job.as_of) < 86_400)
  if (data === null || recent.length === 0) return null
  return (
    <ul className="plainly card" aria-label="Endings of many sessions">
      {recent.map((job) => (
        <li key={job.id}>
          <Chip tone={job.status === 'running' ? 'busy' : job.status === 'interrupted' ? 'warn' : 'good'}>{job.status}</Chip>{' '}
          <Link to={`/ends/${encodeURIComponent(job.id)}`}>{progressWords(job)}</Link> <span className="muted">by {job.by}, “{job.reason}”, <When at={job.began_at} now={data.as_of} /></span>
        </li>
      ))}
    </ul>
  )
}
