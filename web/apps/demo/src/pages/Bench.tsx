import { useState, type ReactNode } from 'react'
import { ask, call, client, json } from '../client'
import { Page } from '../parts'

interface Trial {
  readonly name: string
  /** One line: what you should see. */
  readonly expect: string
  readonly run: () => Promise<string>
}

const PROVIDER = '/api/__bench/provider/__faults'
const API = '/api/__bench/api/__faults'

async function set(path: string, fault: object): Promise<string> {
  const answer = await call(path, json('POST', fault))
  return answer.ok ? 'It is on, until you clear the faults.' : `Could not be set (${answer.status}).`
}

async function send(path: string, init?: RequestInit): Promise<string> {
  const began = performance.now()
  const answer = await call(path, init)
  const whose = answer.headers.get('BFF-Error')
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  return `${answer.status} after ${seconds} s, ${whose ? `by the BFF: ${whose}` : 'by the API itself'}.`
}

async function twenty(): Promise<string> {
  const answers = await Promise.all(Array.from({ length: 20 }, () => call('/api/me')))
  const good = answers.filter(({ ok }) => ok).length
  return `${good} of 20 answered 200.`
}

async function revoke(): Promise<string> {
  const answer = await call('/api/__bench/provider/__backchannel-logout', json('POST', { sub: client.getSnapshot().user?.sub }))
  return answer.ok ? 'The provider has signed you out.' : `Could not be sent (${answer.status}).`
}

const PROVIDERS: readonly Trial[] = [
  { name: 'Sign-in service down', expect: 'Nothing to see while access is valid; then a banner, and you are still signed in.', run: () => set(PROVIDER, { fault: 'status', status: 503, retry_after: 5 }) },
  { name: 'Sign-in service slow', expect: 'Calls go out at once; the renewal takes its ten seconds in the background.', run: () => set(PROVIDER, { fault: 'slow', seconds: 10 }) },
  { name: 'Access lasts 20 seconds', expect: 'After the next renewal, the counter on the session page climbs every few seconds.', run: () => set(PROVIDER, { fault: 'expires_in', seconds: 20 }) },
  { name: 'Next renewal refused', expect: 'Renew now, and the session ends; this page stays, with a way back in.', run: () => set(PROVIDER, { fault: 'error', error: 'invalid_grant', count: 1 }) },
]
const SESSIONS: readonly Trial[] = [
  { name: 'Renew now', expect: 'The counter on the session page rises by one, unless access is only seconds old. No page notices.', run: async () => `${(await ask('/bff/refresh', 'POST')).status} from the BFF.` },
  { name: 'Twenty calls at once', expect: 'Twenty answers; at most one renewal, whatever the moment.', run: twenty },
  { name: 'Revoke me', expect: 'Within a second every open page says that the session was ended.', run: revoke },
]
const CALLS: readonly Trial[] = [
  { name: 'API answers 401', expect: 'One renewal, one more try, and then the API’s own 401, untouched. You stay signed in.', run: () => send('/api/status/401') },
  { name: 'API answers 503', expect: 'The API’s own answer: passed through, session untouched.', run: () => send('/api/status/503') },
  { name: 'API too slow, reading', expect: '504 after five seconds, tried once more: reading twice harms nobody.', run: () => send('/api/slow?seconds=20') },
  { name: 'API too slow, writing', expect: '504 after five seconds, and never sent twice: it may have been saved.', run: () => send('/api/slow?seconds=20', json('POST', {})) },
  { name: 'API loses its next call', expect: 'A broken connection becomes a 502 with a name.', run: async () => (await set(API, { fault: 'drop', path: '/me', count: 1 }), send('/api/me')) },
]

export function Bench() {
  const [cleared, setCleared] = useState('')
  const clear = async () => {
    const answers = await Promise.all([call(PROVIDER, { method: 'DELETE' }), call(API, { method: 'DELETE' })]).catch(() => [])
    setCleared(answers.length === 2 && answers.every(({ ok }) => ok) ? 'Good weather again.' : 'Could not be cleared.')
  }
  return (
    <Page
      title="Fault bench"
      lead="Break the world behind the page, and watch what the page does. These routes exist in the demo only."
      action={
        <button type="button" onClick={() => void clear()}>
          Clear all faults
        </button>
      }
    >
      <p role="status">{cleared}</p>
      <Group title="The sign-in service" trials={PROVIDERS} />
      <Group title="Your session" trials={SESSIONS}>
        <li className="card trial">
          <h3>Somebody else, another tab</h3>
          <p>Sign in as Grace there; this tab stops, sends nothing more, and asks what you want.</p>
          <a className="button" href="/bff/login?return_to=/events&prompt=login&login_hint=grace" target="_blank" rel="noopener noreferrer">
            Open a sign-in
          </a>
        </li>
        <li className="card">
          <h3>Offline</h3>
          <p>Switch the network off in your browser’s developer tools: a banner, no sign-out, and back by itself.</p>
        </li>
      </Group>
      <Group title="The API" trials={CALLS} />
    </Page>
  )
}

function Group({ title, trials, children }: { title: string; trials: readonly Trial[]; children?: ReactNode }) {
  return (
    <section className="group">
      <h2>{title}</h2>
      <ul className="cards">
        {trials.map((trial) => (
          <TrialCard key={trial.name} trial={trial} />
        ))}
        {children}
      </ul>
    </section>
  )
}

function TrialCard({ trial: { name, expect, run } }: { trial: Trial }) {
  const [said, say] = useState('')
  const [busy, setBusy] = useState(false)
  const start = () => {
    setBusy(true)
    say('')
    run()
      .then(say, (error: unknown) => say(error instanceof Error ? `Never sent, or never answered: ${error.message}.` : 'It failed.'))
      .finally(() => setBusy(false))
  }
  return (
    <li className="card trial" data-testid="trial">
      <h3>{name}</h3>
      <p>{expect}</p>
      <button type="button" disabled={busy} onClick={start}>
        {busy ? 'Running…' : 'Try it'}
        <span className="unseen">: {name}</span>
      </button>
      <p role="status" className="outcome">
        {said}
      </p>
    </li>
  )
}
