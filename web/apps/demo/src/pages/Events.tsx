import type { Event } from '../api'
import { day } from '../format'
import { Empty, Failed, Page, Skeletons } from '../parts'
import { Link } from '../router'
import { useLoaded } from '../useLoaded'

export function Events() {
  const { data, error, reload } = useLoaded<readonly Event[]>('/api/events')
  return (
    <Page
      title="Events"
      lead="The trade shows your team attends, by date."
      action={
        <button type="button" className="quiet" onClick={reload}>
          Reload
        </button>
      }
    >
      {error && <Failed what="Events" error={error} retry={reload} />}
      {!data && !error && <Skeletons label="Loading events" count={6} />}
      {data?.length === 0 && <Empty title="No events yet">They appear here as soon as an organiser adds them.</Empty>}
      <ul className="cards">
        {data?.map((event) => (
          <li key={event.id} className="card link-card" data-testid="event-card">
            <p className="eyebrow">{day(event.date)}</p>
            <h2>
              <Link href={`/events/${event.id}`}>{event.name}</Link>
            </h2>
            <p>
              {event.venue}, {event.city}
            </p>
            <p className="muted number card-foot">
              {event.leads} {event.leads === 1 ? 'lead' : 'leads'} · room for {event.capacity.toLocaleString('en')}
            </p>
          </li>
        ))}
      </ul>
    </Page>
  )
}
