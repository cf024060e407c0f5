import { useState, type FormEvent } from 'react'
import { call, json } from '../client'
import { useLoaded } from '../useLoaded'
import { Failed } from './Events'

interface Lead {
  readonly id: string
  readonly name: string
  readonly company: string
  readonly email: string
  readonly score: 'hot' | 'warm' | 'cold'
  readonly note: string
}
interface Named {
  readonly id: string
  readonly name: string
}
type Errors = Readonly<Record<string, string>>

export function Leads() {
  const leads = useLoaded<readonly Lead[]>('/api/leads')
  const events = useLoaded<readonly Named[]>('/api/events')

  async function remove(lead: Lead): Promise<void> {
    if (!confirm(`Delete ${lead.name}?`)) return
    await call(`/api/leads/${lead.id}`, { method: 'DELETE' }).catch(() => undefined)
    leads.reload()
  }

  return (
    <section>
      <header className="title">
        <h1>Leads</h1>
      </header>
      {leads.error && <Failed what="Leads" error={leads.error} retry={leads.reload} />}
      <LeadForm events={events.data ?? []} saved={leads.reload} />
      {!leads.data && !leads.error && <div className="card skeleton" aria-busy="true" aria-label="Loading leads" />}
      {leads.data?.length === 0 && <p className="empty">Nobody yet. The first lead is one form away.</p>}
      {leads.data && leads.data.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Company</th>
                <th>E-mail</th>
                <th>Score</th>
                <th>
                  <span className="unseen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {leads.data.map((lead) => (
                <tr key={lead.id} data-testid="lead-row">
                  <td>{lead.name}</td>
                  <td>{lead.company}</td>
                  <td>{lead.email}</td>
                  <td>
                    <span className={`badge ${lead.score}`}>{lead.score}</span>
                  </td>
                  <td>
                    <button className="quiet" onClick={() => void remove(lead)}>
                      Delete<span className="unseen"> {lead.name}</span>
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function LeadForm({ events, saved }: { events: readonly Named[]; saved: () => void }) {
  const [errors, setErrors] = useState<Errors>({})
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget
    setBusy(true)
    try {
      const answer = await call('/api/leads', json('POST', Object.fromEntries(new FormData(form))))
      const body = answer.ok ? {} : ((await answer.json()) as { errors?: Errors; title?: string })
      setErrors(answer.ok ? {} : (body.errors ?? { form: body.title ?? `Not saved (${answer.status}).` }))
      if (answer.ok) {
        form.reset()
        saved()
      }
    } catch {
      setErrors({ form: 'Not saved: the server could not be reached. Your text is still here.' })
    } finally {
      setBusy(false)
    }
  }

  return (
    <form className="card form" data-testid="lead-form" noValidate onSubmit={(event) => void submit(event)}>
      <h2>New lead</h2>
      <label>
        Event
        <select name="event_id">
          {events.map((event) => (
            <option key={event.id} value={event.id}>
              {event.name}
            </option>
          ))}
        </select>
      </label>
      <Field name="name" label="Name" errors={errors} />
      <Field name="company" label="Company" errors={errors} />
      <Field name="email" label="E-mail" errors={errors} />
      <label>
        Score
        <select name="score" defaultValue="warm">
          <option>hot</option>
          <option>warm</option>
          <option>cold</option>
        </select>
      </label>
      <Field name="note" label="Note" errors={errors} />
      {errors.form && <p role="alert">{errors.form}</p>}
      <button className="primary" disabled={busy}>
        {busy ? 'Saving…' : 'Save lead'}
      </button>
    </form>
  )
}

function Field({ name, label, errors }: { name: string; label: string; errors: Errors }) {
  const error = errors[name]
  return (
    <label>
      {label}
      <input name={name} aria-invalid={error ? true : undefined} aria-describedby={error ? `${name}-error` : undefined} />
      {error && (
        <span className="error" id={`${name}-error`}>
          {error}
        </span>
      )}
    </label>
  )
}
