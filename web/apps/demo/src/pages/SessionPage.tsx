import { useCountdown } from '@cookie-bff/client/react'
import { useCallback, useEffect, useState } from 'react'
import { ask, client, useSession } from '../client'
import { clock } from '../format'
import { Page } from '../parts'

interface Body {
  readonly renewals: number
  readonly idle_lifetime: number
  readonly absolute_lifetime: number
  readonly token: string
}

const STATES: Readonly<Record<string, string>> = {
  ok: 'in order',
  renewing: 'under way',
  stuck: 'failing; it is tried again by itself',
}

export function SessionPage() {
  const { session, extend } = useSession()
  const [body, setBody] = useState<Body | null>(null)
  const [said, say] = useState('')

  const look = useCallback(async (path = '/bff/session', method = 'GET') => {
    const answer = await ask(path, method).catch(() => null)
    const found = answer?.ok ? ((await answer.json()) as Body) : null
    if (found) setBody(found)
    return found
  }, [])
  useEffect(() => {
    void look()
    const timer = setInterval(() => document.visibilityState === 'visible' && void look(), 5000)
    return () => clearInterval(timer)
  }, [look])

  return (
    <Page title="Session" lead="What the server remembers about you, as far as this page may know.">
      <div className="cards wide-cards">
        <section className="card" aria-labelledby="left">
          <h2 id="left">Time left</h2>
          <Limits body={body} />
          <button type="button" onClick={() => void extend().then(() => say('You stay signed in.'), () => say('That did not work.'))}>
            Stay signed in
          </button>
        </section>
        <section className="card" aria-labelledby="renewal">
          <h2 id="renewal">Renewal</h2>
          <p className="figure number" data-testid="renewals">
            {body?.renewals ?? '–'}
          </p>
          <p className="muted">
            {body?.renewals === 1 ? 'time' : 'times'} the access behind this session was renewed, on the server. Now: {body ? (STATES[body.token] ?? body.token) : 'unknown'}.
          </p>
          <button
            type="button"
            data-testid="renew-now"
            onClick={() => void look('/bff/refresh', 'POST').then((now) => say(renewed(body, now)))}
          >
            Renew now
          </button>
        </section>
        <section className="card whole" aria-labelledby="reference">
          <h2 id="reference">Reference</h2>
          <p>
            <code data-testid="ref">{session?.ref ?? 'none'}</code>
          </p>
          <p className="muted">
            Random, safe to show, worthless to a thief. Every request names it, so a page never acts for somebody who signed in in
            another tab.
          </p>
          <button type="button" onClick={() => void client.session({ fresh: true }).then(() => say('Checked.'), () => say('The server did not answer.'))}>
            Check with the server
          </button>
        </section>
      </div>
      <p role="status">{said}</p>
    </Page>
  )
}

function renewed(was: Body | null, now: Body | null): string {
  if (!now) return 'It cannot be renewed now.'
  return now.renewals > (was?.renewals ?? 0) ? 'Renewed. No request of the page has noticed.' : 'Access is seconds old: the provider was not asked again.'
}

function Limits({ body }: { body: Body | null }) {
  const { session } = useSession()
  const { deadline, secondsLeft } = useCountdown()
  if (!session || !deadline) return <p>The session is over.</p>
  const absolute = Math.max(0, (session.absoluteAt - Date.now()) / 1000)
  const idle = deadline.kind === 'idle' ? (secondsLeft ?? 0) : absolute
  return (
    <>
      <Left label="Without activity" seconds={idle} of={body?.idle_lifetime ?? idle} />
      <Left label="At most, however busy" seconds={absolute} of={body?.absolute_lifetime ?? absolute} />
    </>
  )
}

const Left = ({ label, seconds, of }: { label: string; seconds: number; of: number }) => (
  <div className="left">
    <span>{label}</span>
    <span className="number">{clock(seconds)}</span>
    <progress value={seconds} max={Math.max(1, of)} aria-label={label} />
  </div>
)
