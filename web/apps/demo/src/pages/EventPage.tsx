import type { Event, Lead } from '../api'
import { day } from '../format'
import { Empty, Failed, Page, Skeletons } from '../parts'
import { Link } from '../router'
import { useLoaded } from '../useLoaded'
import { LeadTable } from './Leads'

export function EventPage({ id }: { id: string }) {
  const path = `/api/events/${encodeURIComponent(id)}`
  const event = useLoaded<Event>(path)
  const leads = useLoaded<readonly Lead[]>(`${path}/leads`)
  if (event.error) {
    return (
      <Page title="Event">
        <Failed what="This event" error={event.error} retry={event.reload} />
      </Page>
    )
  }
  if (!event.data) return <Skeletons label="Loading the event" tall />
  const { name, venue, city, date, capacity } = event.data
  return (
    <Page
      title={name}
      lead={
        <>
          {venue}, {city} · {day(date)} · room for {capacity.toLocaleString('en')}
        </>
      }
      action={
        <Link className="button primary" href={`/leads/new?event=${encodeURIComponent(id)}`}>
          New lead here
        </Link>
      }
    >
      <h2>Who was met here</h2>
      {leads.error && <Failed what="The leads" error={leads.error} retry={leads.reload} />}
      {!leads.data && !leads.error && <Skeletons label="Loading leads" tall />}
      {leads.data?.length === 0 && <Empty title="Nobody yet">Leads of this event will be listed here.</Empty>}
      {leads.data && leads.data.length > 0 && <LeadTable leads={leads.data} />}
    </Page>
  )
}
