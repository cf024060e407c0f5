import { useState } from 'react'
import type { Lead } from '../api'
import { Empty, Failed, Page, Score, Skeletons } from '../parts'
import { Link } from '../router'
import { useLoaded } from '../useLoaded'

export function Leads() {
  const { data, error, reload } = useLoaded<readonly Lead[]>('/api/leads')
  const [sought, setSought] = useState('')
  const wanted = sought.trim().toLowerCase()
  const found = data?.filter(({ name, company, email }) => `${name} ${company} ${email}`.toLowerCase().includes(wanted))
  return (
    <Page
      title="Leads"
      lead="Everybody your team met, the newest first."
      action={
        <Link className="button primary" href="/leads/new">
          New lead
        </Link>
      }
    >
      <label className="field narrow">
        Search
        <input type="search" value={sought} onChange={(event) => setSought(event.target.value)} autoComplete="off" />
      </label>
      {error && <Failed what="Leads" error={error} retry={reload} />}
      {!data && !error && <Skeletons label="Loading leads" count={5} tall />}
      {data?.length === 0 && <Empty title="Nobody yet">The first lead is one form away.</Empty>}
      {data && data.length > 0 && found?.length === 0 && <Empty title="No match">Nobody here is called “{sought}”.</Empty>}
      {found && found.length > 0 && <LeadTable leads={found} />}
    </Page>
  )
}

export function LeadTable({ leads }: { leads: readonly Lead[] }) {
  return (
    <div className="scroll" role="region" aria-label="Leads" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Company</th>
            <th scope="col" className="wide-only">
              E-mail
            </th>
            <th scope="col">Score</th>
          </tr>
        </thead>
        <tbody>
          {leads.map((lead) => (
            <tr key={lead.id} data-testid="lead-row">
              <th scope="row">
                <Link href={`/leads/${lead.id}`}>{lead.name}</Link>
              </th>
              <td>{lead.company}</td>
              <td className="wide-only">{lead.email}</td>
              <td>
                <Score score={lead.score} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
