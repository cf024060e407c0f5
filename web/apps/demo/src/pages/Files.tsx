import { messageFor, readProblem } from '@cookie-bff/client'
import { useState } from 'react'
import { call, client } from '../client'
import { size } from '../format'
import { Page } from '../parts'

interface Received {
  readonly bytes: number
  readonly pieces: number
  readonly sha256: string
}
type Outcome = { readonly received: Received; readonly sent: string; readonly ms: number } | { readonly words: string }

const MADE_MB = 64
const HASH_LIMIT = 256 * 1024 * 1024

export function Files() {
  const [file, setFile] = useState<File | null>(null)
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome | null>(null)

  async function upload(body: Blob): Promise<void> {
    setBusy(true)
    setOutcome(null)
    const began = performance.now()
    try {
      const sent = body.size <= HASH_LIMIT ? await digest(body) : ''
      // A long upload deserves a session that outlives it: ask before sending.
      await client.session({ fresh: true })
      const answer = await call('/api/upload', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body })
      const problem = await readProblem(answer)
      if (problem) setOutcome({ words: `${messageFor(problem).title}. ${messageFor(problem).detail}` })
      else if (answer.ok) setOutcome({ received: (await answer.json()) as Received, sent, ms: performance.now() - began })
      else setOutcome({ words: `The service answered ${answer.status}.` })
    } catch {
      setOutcome({ words: 'The upload broke off. Nothing was kept.' })
    } finally {
      setBusy(false)
    }
  }

  return (
    <Page title="Files" lead="Bytes stream through the BFF both ways: a gigabyte costs it the same memory as a ping.">
      <div className="halves">
        <section className="panel" aria-labelledby="up">
          <h2 id="up">Upload</h2>
          <label className="field">
            A file of yours
            <input type="file" onChange={({ target }) => setFile(target.files?.[0] ?? null)} />
          </label>
          <div className="actions">
            <button type="button" className="primary" disabled={busy || !file} onClick={() => file && void upload(file)}>
              Upload{file && ` ${size(file.size)}`}
            </button>
            <button type="button" disabled={busy} onClick={() => void upload(new Blob([new Uint8Array(MADE_MB * 1_000_000)]))}>
              Upload {MADE_MB} MB of zeros
            </button>
          </div>
          <div role="status" data-testid="upload-outcome">
            {busy && (
              <p>
                Uploading… <progress aria-label="Uploading" />
              </p>
            )}
            {outcome && ('words' in outcome ? <p className="error">{outcome.words}</p> : <Arrived outcome={outcome} />)}
          </div>
        </section>
        <section className="panel" aria-labelledby="down">
          <h2 id="down">Download</h2>
          <p>A plain link works too: this route may be navigated to, and the cookie does the rest.</p>
          <ul className="lines">
            {[1, 16, 128].map((megabytes) => (
              <li key={megabytes}>
                <a href={`/api/download?size=${megabytes * 1_000_000}`} download={`eventlead-${megabytes}-mb.bin`}>
                  {megabytes} MB
                </a>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Page>
  )
}

function Arrived({ outcome: { received, sent, ms } }: { outcome: Extract<Outcome, { received: Received }> }) {
  return (
    <dl className="facts-list">
      <dt>Arrived</dt>
      <dd>
        {size(received.bytes)} in {(ms / 1000).toFixed(1)} s
      </dd>
      <dt>Digest</dt>
      <dd>
        {sent ? (
          <span className={received.sha256 === sent ? 'badge good' : 'badge bad'}>
            {received.sha256 === sent ? 'the same on both sides' : 'different'}
          </span>
        ) : (
          <code>{received.sha256.slice(0, 16)}…</code>
        )}
      </dd>
    </dl>
  )
}

async function digest(blob: Blob): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
