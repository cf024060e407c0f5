import type { Event, Lead } from '../api'
import { useSession } from '../client'
import { ago, day } from '../format'
import { Empty, Failed, Page, Score, Skeletons } from '../parts'
import { Link } from '../router'
import { useLoaded } from '../useLoaded'

export function Overview() {
  const { user } = useSession()
  const events = useLoaded<readonly Event[]>('/api/events')
  const leads = useLoaded<readonly Lead[]>('/api/leads')
  const error = events.error ?? leads.error
  const retry = () => (events.reload(), leads.reload())
  const hot = leads.data?.filter(({ score }) => score === 'hot').length
  return (
    <Page
      title={`Hello, ${(user?.name ?? user?.sub ?? '').split(' ')[0]}`}
      lead="Where your team goes next, and whom it met last."
      action={
        <Link className="button primary" href="/leads/new">
          New lead
        </Link>
      }
    >
      {error && <Failed what="The overview" error={error} retry={retry} />}
      <dl className="figures">
        <Figure name="Events ahead" value={events.data?.length} />
        <Figure name="Leads" value={leads.data?.length} />
        <Figure name="Hot leads" value={hot} />
      </dl>
      <div className="halves">
        <section className="panel" aria-labelledby="next">
          <h2 id="next">Next events</h2>
          {!events.data && !error && <Skeletons label="Loading events" tall />}
          <ul className="lines">
            {events.data?.slice(0, 4).map((event) => (
              <li key={event.id}>
                <Link href={`/events/${event.id}`}>{event.name}</Link>
                <span className="muted">
                  {day(event.date)} · {event.city}
                </span>
              </li>
            ))}
          </ul>
        </section>
        <section className="panel" aria-labelledby="latest">
          <h2 id="latest">Latest leads</h2>
          {!leads.data && !error && <Skeletons label="Loading leads" tall />}
          {leads.data?.length === 0 && <Empty title="Nobody yet">The first lead is one form away.</Empty>}
          <ul className="lines">
            {leads.data?.slice(0, 4).map((lead) => (
              <li key={lead.id}>
                <Link href={`/leads/${lead.id}`}>{lead.name}</Link> <Score score={lead.score} />
                <span className="muted">
                  {lead.company} · {ago(lead.created_at, Date.now())}
                </span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Page>
  )
}

const Figure = ({ name, value }: { name: string; value: number | undefined }) => (
  <div className="figure-box">
    <dt>{name}</dt>
    <dd className="figure">{value ?? <span className="skeleton word" />}</dd>
  </div>
)
