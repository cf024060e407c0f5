import { useDraft } from '@cookie-bff/client/react'
import { readProblem } from '@cookie-bff/client'
import { messageFor } from '@cookie-bff/client'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { Event, FieldErrors } from '../api'
import { call, json } from '../client'
import { Page } from '../parts'
import { go, Link } from '../router'
import { useLoaded } from '../useLoaded'

const BLANK = { event_id: '', name: '', company: '', email: '', score: 'warm', talked: '', needs: '', next: '', when: '', said: '' }
type Draft = typeof BLANK
type Key = keyof Draft

/** The parts of the conversation, as the one note that the API keeps. */
export const noteOf = ({ talked, needs, next, when, said }: Draft): string =>
  [talked, needs && `Needs: ${needs}`, next && `Next: ${next}${when && ` (${when})`}`, said && `“${said}”`].filter(Boolean).join('\n')

export function NewLead() {
  const asked = new URLSearchParams(location.search).get('event') ?? ''
  const events = useLoaded<readonly Event[]>('/api/events')
  const [draft, setDraft, drop] = useDraft<Draft>('lead', { ...BLANK, event_id: asked })
  const [errors, setErrors] = useState<FieldErrors>({})
  const [busy, setBusy] = useState(false)
  const event_id = draft.event_id || (events.data?.[0]?.id ?? '')

  async function save(): Promise<void> {
    const { name, company, email, score } = draft
    const answer = await call('/api/leads', json('POST', { event_id, name, company, email, score, note: noteOf(draft) }))
    if (answer.ok) {
      drop()
      go('/leads')
      return
    }
    const problem = await readProblem(answer)
    if (problem) {
      const { title, detail } = messageFor(problem)
      setErrors({ form: `${title}. ${detail}` })
      return
    }
    const body = (await answer.json()) as { errors?: FieldErrors; title?: string }
    setErrors(body.errors ?? { form: `Not saved: the service answered ${answer.status}. Your text is still here.` })
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    setBusy(true)
    setErrors({})
    save()
      .catch(() => setErrors({ form: 'Not saved: the server could not be reached. Your text is still here.' }))
      .finally(() => setBusy(false))
  }

  const field = (key: Key, label: string, more: { hint?: string; long?: boolean; type?: string } = {}): ReactNode => (
    <Field key={key} name={key} label={label} value={draft[key]} error={errors[key]} {...more} onChange={(value) => setDraft((was) => ({ ...was, [key]: value }))} />
  )
  return (
    <Page title="New lead" lead="Kept as a draft in this tab while you type, for you alone. A session may end meanwhile; the text stays.">
      <form className="panel long-form" data-testid="lead-form" noValidate onSubmit={submit}>
        <fieldset>
          <legend>Who</legend>
          {field('name', 'Name')}
          {field('company', 'Company')}
          {field('email', 'E-mail', { type: 'email' })}
        </fieldset>
        <fieldset>
          <legend>Where</legend>
          <label className="field">
            Event
            <select name="event_id" value={event_id} onChange={({ target }) => setDraft((was) => ({ ...was, event_id: target.value }))}>
              {events.data?.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            Score
            <select name="score" value={draft.score} onChange={({ target }) => setDraft((was) => ({ ...was, score: target.value }))}>
              <option>hot</option>
              <option>warm</option>
              <option>cold</option>
            </select>
          </label>
        </fieldset>
        <fieldset>
          <legend>The conversation</legend>
          {field('talked', 'What did you talk about?', { long: true })}
          {field('needs', 'What do they need?', { long: true })}
          {field('next', 'What was promised?')}
          {field('when', 'Until when?', { hint: 'In your own words.' })}
          {field('said', 'Something they said', { long: true })}
        </fieldset>
        {errors.note && (
          <p className="error" role="alert">
            The conversation: {errors.note}
          </p>
        )}
        {errors.form && (
          <p className="notice bad" role="alert">
            {errors.form}
          </p>
        )}
        <div className="actions">
          <button type="submit" className="primary" disabled={busy}>
            {busy ? 'Saving…' : 'Save lead'}
          </button>
          <button
            type="button"
            className="quiet"
            onClick={() => {
              drop()
              setErrors({})
            }}
          >
            Start over
          </button>
          <Link href="/leads">Back to the leads</Link>
        </div>
      </form>
    </Page>
  )
}

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly error?: string | undefined
  readonly hint?: string
  readonly long?: boolean
  readonly type?: string
  readonly onChange: (value: string) => void
}

function Field({ name, label, value, error, hint, long, type = 'text', onChange }: FieldProps) {
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ') || undefined
  const common = {
    name,
    value,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': described,
    onChange: ({ target }: { target: { value: string } }) => onChange(target.value),
  }
  return (
    <div className={long ? 'field wide' : 'field'}>
      <label>
        {label}
        {long ? <textarea rows={3} {...common} /> : <input type={type} autoComplete="off" {...common} />}
      </label>
      {hint && (
        <span className="muted small-text" id={`${name}-hint`}>
          {hint}
        </span>
      )}
      {error && (
        <span className="error" id={`${name}-error`}>
          {error}
        </span>
      )}
    </div>
  )
}
