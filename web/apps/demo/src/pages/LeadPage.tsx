import { useState } from 'react'
import type { Event, Lead } from '../api'
import { call, json } from '../client'
import { ago } from '../format'
import { Confirm, Failed, Page, Score, Skeletons } from '../parts'
import { go, Link } from '../router'
import { useLoaded } from '../useLoaded'

export function LeadPage({ id }: { id: string }) {
  const path = `/api/leads/${encodeURIComponent(id)}`
  const { data, error, reload } = useLoaded<Lead>(path)
  const events = useLoaded<readonly Event[]>('/api/events')
  const [asking, ask] = useState(false)
  const [said, say] = useState('')

  async function change(method: string, body?: object): Promise<void> {
    const answer = await call(path, body ? json(method, body) : { method }).catch(() => null)
    ask(false)
    if (!answer?.ok) return say('That was not saved. Please try again.')
    if (method === 'DELETE') return go('/leads')
    say('Saved.')
    reload()
  }

  if (error) {
    return (
      <Page title="Lead">
        <Failed what="This lead" error={error} retry={reload} />
      </Page>
    )
  }
  if (!data) return <Skeletons label="Loading the lead" tall />
  return (
    <Page
      title={data.name}
      lead={data.company}
      action={
        <button type="button" className="quiet" onClick={() => ask(true)}>
          Delete
        </button>
      }
    >
      <div className="panel">
        <dl className="facts-list">
          <dt>E-mail</dt>
          <dd>{data.email}</dd>
          <dt>Met at</dt>
          <dd>
            <Link href={`/events/${data.event_id}`}>{events.data?.find(({ id }) => id === data.event_id)?.name ?? data.event_id}</Link>
          </dd>
          <dt>Score</dt>
          <dd>
            <Score score={data.score} />
          </dd>
          <dt>Note</dt>
          <dd className="note">{data.note || <span className="muted">None</span>}</dd>
          <dt>Added</dt>
          <dd>
            {ago(data.created_at, Date.now())} by {data.created_by}
          </dd>
        </dl>
        <fieldset className="choice">
          <legend>Change the score</legend>
          {(['hot', 'warm', 'cold'] as const).map((score) => (
            <button key={score} type="button" className="quiet" aria-pressed={data.score === score} onClick={() => void change('PATCH', { score })}>
              {score}
            </button>
          ))}
        </fieldset>
        <p role="status">{said}</p>
      </div>
      {asking && (
        <Confirm title={`Delete ${data.name}?`} yes="Delete" onYes={() => void change('DELETE')} onNo={() => ask(false)}>
          This cannot be taken back.
        </Confirm>
      )}
    </Page>
  )
}
