import { useEffect, useState, type ReactNode } from 'react'
import type { BffError } from '../problem.js'
import { useClient, useSession, useWords } from './provider.js'
import { SignIn, type SignInMode } from './signin.js'

export interface RequireSessionProps {
  /** While nobody knows yet: once in the life of a page. */
  readonly loading?: ReactNode
  /** For a visitor: something to show, or a sign-in at once (`redirect`), or a button that opens one (`popup`). */
  readonly anonymous?: ReactNode | SignInMode
  readonly children?: ReactNode
}

const KEY = 'bff-redirects'
const WINDOW_MS = 60_000
const LIMIT = 3

/** Counts an automatic redirect; false: there were three within a minute, so another one would not help. */
function mayRedirect(): boolean {
  try {
    const recent = (JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as number[]).filter((at) => at > Date.now() - WINDOW_MS)
    sessionStorage.setItem(KEY, JSON.stringify([...recent, Date.now()].slice(-LIMIT)))
    return recent.length < LIMIT
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
  if (anonymous !== 'redirect' && anonymous !== 'popup') return anonymous
  return <Entrance mode={anonymous as SignInMode} error={session.loginError} />
}

function Entrance({ mode, error }: { mode: SignInMode; error: BffError | null }): ReactNode {
  const client = useClient()
  const messageFor = useWords()
  const [asks, ask] = useState(mode === 'popup')
  const shown = asks || error
  useEffect(() => {
    if (shown) return
    // A moment later, for StrictMode mounts everything twice: only the second one stays.
    const timer = setTimeout(() => (mayRedirect() ? client.login().catch(() => ask(true)) : ask(true)))
    return () => clearTimeout(timer)
  }, [shown, client])
  if (!shown) return null
  const { title, detail } = messageFor(error ?? { code: 'session_required' })
  return (
    <section className="bff-panel">
      <h2>{title}</h2>
      <p>{detail}</p>
      <SignIn label={error ? 'Try again' : 'Sign in'} mode={mode} />
    </section>
  )
}
