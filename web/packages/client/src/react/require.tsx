import { useEffect, useState, type ReactNode } from 'react'
import type { BffError } from '../problem.js'
import { messageFor } from '../words.js'
import { useClient, useSession } from './provider.js'
import { useSignIn } from './signin.js'

export interface RequireSessionProps {
  /** While nobody knows yet: once in the life of a page. */
  readonly loading?: ReactNode
  /** For a visitor: something to show, or a sign-in at once (`redirect`), or a button that opens one (`popup`). */
  readonly anonymous?: ReactNode | 'redirect' | 'popup'
  readonly children?: ReactNode
}

const MODES = ['redirect', 'popup'] as const

const KEY = 'bff-redirects'
const WINDOW_MS = 60_000
const LIMIT = 3

/** Counts an automatic redirect; false: there were three within a minute, so another one would not help. */
function mayRedirect(): boolean {
  try {
    const recent = (JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as number[]).filter((at) => at > Date.now() - WINDOW_MS)
    if (recent.length >= LIMIT) return false
    sessionStorage.setItem(KEY, JSON.stringify([...recent, Date.now()]))
    return true
  } catch {
    // Nothing to count with: then a person clicks.
    return false
  }
}

/** Shows its children to who is signed in, and keeps them when the session ends: their work is still on the page. */
export function RequireSession({ loading, anonymous = 'redirect', children }: RequireSessionProps): ReactNode {
  const session = useSession()
  if (session.status === 'loading') return loading
  if (session.status !== 'anonymous') return children
  const mode = MODES.find((known) => known === anonymous)
  return mode ? <Entrance mode={mode} error={session.loginError} /> : anonymous
}

function Entrance({ mode, error: failed }: { mode: 'redirect' | 'popup'; error: BffError | null }): ReactNode {
  const client = useClient()
  const { start, error } = useSignIn()
  const [asks, ask] = useState(mode === 'popup' || !!failed)
  useEffect(() => {
    if (asks) return
    // In time for StrictMode, which mounts everything twice: only the second one stays.
    const timer = setTimeout(() => (mayRedirect() ? client.login().catch(() => ask(true)) : ask(true)))
    return () => clearTimeout(timer)
  }, [asks, client])
  if (!asks) return null
  const reason = error ?? failed
  const { title, detail } = reason ? messageFor(reason) : { title: 'Please sign in', detail: 'You need to sign in to see this page.' }
  return (
    <section className="bff-panel">
      <h2>{title}</h2>
      <p>{detail}</p>
      <button className="bff-button" onClick={() => start(reason?.code === 'popup_blocked' ? 'redirect' : mode)}>
        {failed ? 'Try again' : 'Sign in'}
      </button>
    </section>
  )
}
