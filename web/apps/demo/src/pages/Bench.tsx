import { useState } from 'react'
import { call, json } from '../client'

interface Fault {
  readonly name: string
  readonly expect: string
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
}

const PROVIDER = '/api/__bench/provider/__faults'
const API = '/api/__bench/api/__faults'
const FAULTS: readonly Fault[] = [
  { name: 'Sign-in service answers 503', expect: 'Nothing to notice for minutes; then a banner, and still signed in.', path: PROVIDER, body: { fault: 'status', status: 503, retry_after: 5 } },
  { name: 'Sign-in service is slow', expect: 'Calls go out at once; renewal takes its time in the background.', path: PROVIDER, body: { fault: 'slow', seconds: 10 } },
  { name: 'Next renewal is refused', expect: 'The session ends at its next renewal, and the page says so.', path: PROVIDER, body: { fault: 'error', error: 'invalid_grant', count: 1 } },
  { name: 'Access lasts 20 seconds', expect: 'The renewal counter on the session page starts to climb.', path: PROVIDER, body: { fault: 'expires_in', seconds: 20 } },
  { name: 'API answers 503 once', expect: 'The answer is the API’s own: passed through, session untouched.', path: API, body: { fault: 'status', status: 503, count: 1 } },
]

export function Bench() {
  const [said, setSaid] = useState('')

  async function run(name: string, path: string, body?: Fault['body']): Promise<void> {
    const answer = await call(path, body ? json('POST', body) : { method: 'DELETE' }).catch(() => null)
    setSaid(answer?.ok ? `${name}: on.` : `${name}: could not be set (${answer?.status ?? 'unreachable'}).`)
  }

  return (
    <section>
      <header className="title">
        <h1>Fault bench</h1>
        <button onClick={() => void run('All faults cleared', PROVIDER).then(() => run('All faults cleared', API))}>Clear all</button>
      </header>
      <p className="lead">Break the world behind the page and watch what the page does. These routes exist in the demo only.</p>
      <p role="status">{said}</p>
      <div className="cards">
        {FAULTS.map((fault) => (
          <article className="card" key={fault.name}>
            <h2>{fault.name}</h2>
            <p>{fault.expect}</p>
            <button onClick={() => void run(fault.name, fault.path, fault.body)}>Switch on</button>
          </article>
        ))}
      </div>
    </section>
  )
}
