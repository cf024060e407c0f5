import { day } from '../format'
import { useLoaded } from '../useLoaded'

interface Event {
  readonly id: string
  readonly name: string
  readonly venue: string
  readonly city: string
  readonly date: string
  readonly capacity: number
  readonly leads: number
}

export function Events() {
  const { data, error, reload } = useLoaded<readonly Event[]>('/api/events')
  return (
    <section>
      <header className="title">
        <h1>Events</h1>
        <button className="quiet" onClick={reload}>
          Reload
        </button>
      </header>
      {error && <Failed what="Events" error={error} retry={reload} />}
      {!data && !error && (
        <div className="cards" aria-busy="true" aria-label="Loading events">
          {[1, 2, 3, 4].map((number) => (
            <div key={number} className="card skeleton" />
          ))}
        </div>
      )}
      {data?.length === 0 && <p className="empty">No events yet.</p>}
      <div className="cards">
        {data?.map((event) => (
          <article key={event.id} className="card" data-testid="event-card">
            <p className="eyebrow">{day(event.date)}</p>
            <h2>{event.name}</h2>
            <p>
              {event.venue}, {event.city}
            </p>
            <p className="muted number">
              {event.leads} {event.leads === 1 ? 'lead' : 'leads'} · room for {event.capacity.toLocaleString('en')}
            </p>
          </article>
        ))}
      </div>
    </section>
  )
}

export function Failed({ what, error, retry }: { what: string; error: string; retry: () => void }) {
  return (
    <p className="notice" role="alert">
      {what} could not be loaded ({error}). <button onClick={retry}>Try again</button>
    </p>
  )
}
