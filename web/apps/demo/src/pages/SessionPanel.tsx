import { useCallback, useEffect, useState } from 'react'
import { client, useSession } from '../client'
import { clock } from '../format'
import { record } from '../log'

interface Body {
  readonly idle_expires_in: number
  readonly absolute_expires_in: number
  readonly renewals: number
  readonly token: string
}

/** Ask our own endpoint, pinned to the session the page shows. */
async function ask(path: string, method = 'GET'): Promise<Body> {
  const began = performance.now()
  const answer = await fetch(path, { method, headers: { 'BFF-Session': client.getSnapshot().session?.ref ?? 'anon' } })
  record({ method, path, status: answer.status, error: answer.headers.get('BFF-Error'), ms: performance.now() - began })
  if (!answer.ok) throw new Error(answer.headers.get('BFF-Error') ?? String(answer.status))
  return (await answer.json()) as Body
}

export function SessionPanel() {
  const { session, user } = useSession()
  const [known, setKnown] = useState<{ body: Body; at: number } | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [now, setNow] = useState(Date.now())

  const look = useCallback((path: string, method?: string) => {
    ask(path, method).then(
      (body) => {
        setKnown({ body, at: Date.now() })
        setError(null)
      },
      (reason: unknown) => setError(reason instanceof Error ? reason.message : 'failed'),
    )
  }, [])
  useEffect(() => {
    look('/bff/session')
    const asking = setInterval(() => look('/bff/session'), 5000)
    const ticking = setInterval(() => setNow(Date.now()), 1000)
    return () => {
      clearInterval(asking)
      clearInterval(ticking)
    }
  }, [look])

  const gone = known ? (now - known.at) / 1000 : 0
  return (
    <section>
      <header className="title">
        <h1>Session</h1>
      </header>
      {error && (
        <p className="notice" role="alert">
          The session could not be asked ({error}). You are still signed in.
        </p>
      )}
      <div className="cards">
        <article className="card">
          <h2>Who</h2>
          <dl>
            <dt>Name</dt>
            <dd>{user?.name}</dd>
            <dt>E-mail</dt>
            <dd>{user?.email}</dd>
            <dt>Roles</dt>
            <dd>{user?.roles?.join(', ') || 'none'}</dd>
            <dt>Reference</dt>
            <dd>
              <code>{session?.ref}</code>
            </dd>
          </dl>
        </article>
        <article className="card">
          <h2>How long</h2>
          <Left label="Without activity" seconds={(known?.body.idle_expires_in ?? 0) - gone} of={86_400} />
          <Left label="At most" seconds={(known?.body.absolute_expires_in ?? 0) - gone} of={604_800} />
          <button onClick={() => void client.extend().then(() => look('/bff/session'))}>Stay signed in</button>
        </article>
        <article className="card">
          <h2>Renewal</h2>
          <p className="figure number" data-testid="renewals">
            {known?.body.renewals ?? '–'}
          </p>
          <p className="muted">
            renewals so far, on the server; state: <strong>{known?.body.token ?? 'unknown'}</strong>
          </p>
          <button data-testid="renew-now" onClick={() => look('/bff/refresh', 'POST')}>
            Renew now
          </button>
        </article>
      </div>
    </section>
  )
}

function Left({ label, seconds, of }: { label: string; seconds: number; of: number }) {
  return (
    <p>
      <span className="row">
        <span>{label}</span> <span className="number">{clock(seconds)}</span>
      </span>
      <progress value={Math.max(0, seconds)} max={of} aria-label={label} />
    </p>
  )
}
