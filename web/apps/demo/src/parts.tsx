import { BffError, messageFor } from '@cookie-bff/client'
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { CallFailed } from './client'

export function Page({ title, lead, action, children }: { title: string; lead?: ReactNode; action?: ReactNode; children?: ReactNode }) {
  return (
    <section className="page">
      <header className="page-title">
        <div>
          <h1>{title}</h1>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {action && <div className="actions">{action}</div>}
      </header>
      {children}
    </section>
  )
}

export function Skeletons({ label, count = 3, tall = false }: { label: string; count?: number; tall?: boolean }) {
  return (
    <div className={tall ? 'stack' : 'cards'} role="status" aria-label={label}>
      {Array.from({ length: count }, (_, number) => (
        <div key={number} className={tall ? 'skeleton row' : 'skeleton'} />
      ))}
    </div>
  )
}

export function Empty({ title, action, children }: { title: string; action?: ReactNode; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  )
}

/** What went wrong, in words, and one thing to do about it. */
export function Failed({ what, error, retry }: { what: string; error: Error; retry: () => void }) {
  return (
    <div className="notice bad" role="alert">
      <p>
        <strong>{what} could not be loaded.</strong> {words(error)}
      </p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  )
}

export function words(error: Error): string {
  if (error instanceof CallFailed) {
    if (!error.code) return error.status === 404 ? 'It does not exist, or not any more.' : `The service answered ${error.status}.`
    return inWords({ code: error.code, info: {} })
  }
  // What was never sent, because somebody else signed in or the wait was too long, has words of its own.
  return error instanceof BffError ? inWords(error) : 'There is no connection to the server.'
}

function inWords(error: Pick<BffError, 'code' | 'info'>): string {
  const { title, detail } = messageFor(error)
  return `${title}. ${detail}`
}

/** A question before something that cannot be taken back. */
export function Confirm({ title, children, yes, onYes, onNo }: { title: string; children: ReactNode; yes: string; onYes: () => void; onNo: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Closed before it is taken away, so that the focus goes back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className="bff-dialog"
      role="alertdialog"
      aria-labelledby={`${id}t`}
      aria-describedby={`${id}d`}
      onCancel={(event) => {
        event.preventDefault()
        onNo()
      }}
    >
      <h2 id={`${id}t`}>{title}</h2>
      <p id={`${id}d`}>{children}</p>
      <div className="actions">
        <button type="button" className="quiet" onClick={onNo}>
          Keep it
        </button>
        <button type="button" className="danger" onClick={onYes}>
          {yes}
        </button>
      </div>
    </dialog>
  )
}

export const Score = ({ score }: { score: string }) => <span className={`badge score-${score}`}>{score}</span>
