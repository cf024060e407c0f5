import { useEffect, useRef, useState } from 'react'
import { act, client, ConsoleError } from './client'
import { EndProgress } from './EndProgress'
import { useLive } from './live'
import { ReceiptLine } from './receipts'
import { Link } from './router'
import { Trouble } from './Table'
import { duration } from './time'
import type { EndAnswer, EndRequest, Me, SessionRow } from './wire'

export type EndTarget =
  | { readonly kind: 'one'; readonly row: Pick<SessionRow, 'ref' | 'subject' | 'own' | 'access_expires_at'> }
  | { readonly kind: 'subject'; readonly subject: string; readonly count: number }
  | { readonly kind: 'filter'; readonly filter: string; readonly count: number }
  | { readonly kind: 'everybody'; readonly count: number }

export function titleOf(target: EndTarget): string {
  switch (target.kind) {
    case 'one':
      return `End session ${target.row.ref}`
    case 'subject':
      return target.count === 1 ? `End the session of ${target.subject}` : `End all ${target.count} sessions of ${target.subject}`
    case 'filter':
      return target.count === 1 ? 'End the one session that matches' : `End ${target.count} sessions that match`
    case 'everybody':
      return target.count === 1 ? 'End the only session' : `End all ${target.count} sessions`
  }
}

export function requestOf(target: EndTarget, reason: string): EndRequest {
  switch (target.kind) {
    case 'one':
      return { reason, refs: [target.row.ref] }
    case 'subject':
      return { reason, subject: target.subject, expected: target.count }
    case 'filter':
      return { reason, filter: target.filter, expected: target.count }
    case 'everybody':
      return { reason, everybody: true, expected: target.count }
  }
}

/** Says what ending will and will not do, asks why, and shows what became of each session. */
export function EndDialog({ target, onClose }: { target: EndTarget; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [answer, setAnswer] = useState<EndAnswer | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const [busy, setBusy] = useState(false)
  const { data: me } = useLive<Me>('/me')
  useEffect(() => dialog.current?.showModal(), [])
  const several = target.kind !== 'one' && target.count !== 1
  const stale = me !== null && (me.fresh_until === null || me.fresh_until < me.server_time)
  const end = (reason: string): void => {
    setBusy(true)
    act<EndAnswer>('/sessions/end', requestOf(target, reason)).then(
      (done) => { setAnswer(done); setError(null); setBusy(false) },
      (trouble: unknown) => { setError(trouble instanceof Error ? trouble : new Error('failed')); setBusy(false) },
    )
  }
  return (
    <dialog ref={dialog} className="modal" aria-labelledby="ending" onClose={onClose}>
      <h2 id="ending">{titleOf(target)}</h2>
      {answer === null ? (
        <>
          <What target={target} me={me} />
          {error instanceof ConsoleError && error.code === 'step_up_required' || (stale && error === null) ? <SignInAgain seconds={me?.fresh_seconds ?? 300} /> : error !== null && <Trouble error={error} onRetry={() => setError(null)} />}
          <Ask several={several} count={target.kind === 'one' ? 1 : target.count} busy={busy} onEnd={end} onCancel={() => dialog.current?.close()} />
        </>
      ) : answer.job !== null ? (
        <UnderWay job={answer.job} onClose={() => dialog.current?.close()} />
      ) : (
        <Receipts answer={answer} onClose={() => dialog.current?.close()} />
      )}
    </dialog>
  )
}

function What({ target, me }: { target: EndTarget; me: Me | null }) {
  const left = target.kind === 'one' && me !== null ? Math.max(0, target.row.access_expires_at - me.server_time) : null
  const own = target.kind === 'everybody' || (target.kind === 'one' ? target.row.own : target.kind === 'subject' && me?.subject === target.subject)
  return (
    <>
      {own && <p className="notice" role="note">This includes your own session: you will be signed out.</p>}
      <ul>
        <li><strong>At once:</strong> the session is deleted; the browser's next call is refused.</li>
        <li><strong>Asked for:</strong> the provider revokes the refresh token. The result is shown here.</li>
        <li>
          <strong>Not undone:</strong> the access token that APIs were already given stays valid where they check it themselves
          {left === null ? ', until it expires.' : left === 0 ? '; it has expired.' : `, for ${duration(left)} more.`}
        </li>
        <li><strong>Untouched:</strong> the single sign-on session at the provider: the user may sign in again. Whoever shall not is also to be ended, or locked, at the provider; that can be done only there.</li>
      </ul>
    </>
  )
}

function SignInAgain({ seconds }: { seconds: number }) {
  return (
    <div className="notice" role="note">
      <p>Ending sessions needs a sign-in of the last {duration(seconds)}.</p>
      <button type="button" onClick={() => void client.login({ prompt: 'login', returnTo: location.pathname + location.search })}>
        Sign in again
      </button>
    </div>
  )
}

function Ask({ several, count, busy, onEnd, onCancel }: { several: boolean; count: number; busy: boolean; onEnd: (reason: string) => void; onCancel: () => void }) {
  const [typed, setTyped] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onEnd(String(new FormData(event.currentTarget).get('reason') ?? '').trim())
      }}
    >
      <label>
        <span>Reason, for the audit trail</span>
        <input name="reason" required minLength={3} maxLength={200} autoFocus />
      </label>
      {several && (
        <label>
          <span>Type {count} to confirm</span>
          <input inputMode="numeric" value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" />
        </label>
      )}
      <div className="acts">
        <button type="submit" className="danger" disabled={busy || (several && typed.trim() !== String(count))}>
          {busy ? 'Ending…' : several ? `End ${count} sessions` : 'End session'}
        </button>
        <button type="button" className="quiet" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}

/** More than can be ended while somebody waits: it goes on by itself, and has a page of its own. */
function UnderWay({ job, onClose }: { job: string; onClose: () => void }) {
  return (
    <>
      <EndProgress id={job} />
      <p className="muted">It goes on when this is closed: <Link to={`/ends/${encodeURIComponent(job)}`}>its own page</Link> has the receipts for a week.</p>
      <button type="button" className="primary" autoFocus onClick={onClose}>
        Close
      </button>
    </>
  )
}

function Receipts({ answer, onClose }: { answer: EndAnswer; onClose: () => void }) {
  return (
    <>
      <p role="status">
        {answer.ended} {answer.ended === 1 ? 'session has' : 'sessions have'} ended. {answer.note}
      </p>
      <ul className="receipts" aria-label="Receipts" tabIndex={0}>
        {answer.receipts.map((receipt) => (
          <li key={receipt.ref}>
            <ReceiptLine receipt={receipt} />
          </li>
        ))}
      </ul>
      <button type="button" className="primary" autoFocus onClick={onClose}>
        Done
      </button>
    </>
  )
}
