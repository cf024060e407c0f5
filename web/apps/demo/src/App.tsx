import { messageFor } from '@cookie-bff/client'
import { useState, type ReactNode } from 'react'
import { client, useSession } from './client'
import { useLog } from './log'
import { Bench } from './pages/Bench'
import { Events } from './pages/Events'
import { Landing } from './pages/Landing'
import { Leads } from './pages/Leads'
import { See } from './pages/See'
import { SessionPanel } from './pages/SessionPanel'
import { Link, usePath } from './router'

const PAGES: Record<string, () => ReactNode> = {
  '/events': () => <Events />,
  '/leads': () => <Leads />,
  '/session': () => <SessionPanel />,
  '/see': () => <See />,
  '/bench': () => <Bench />,
}
const NAMES = { '/events': 'Events', '/leads': 'Leads', '/session': 'Session', '/see': 'What JavaScript sees', '/bench': 'Fault bench' }

export function App() {
  const snapshot = useSession()
  const path = usePath()
  const page = PAGES[path]
  const inside = snapshot.user !== null
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="bar">
        <Link href="/" className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> EventLead
        </Link>
        {inside && (
          <nav aria-label="Pages">
            {Object.entries(NAMES).map(([href, name]) => (
              <Link key={href} href={href}>
                {name}
              </Link>
            ))}
          </nav>
        )}
        <div className="who">
          {inside ? (
            <>
              <span data-testid="user-name">{snapshot.user.name ?? snapshot.user.sub}</span>
              <button className="quiet" data-testid="sign-out" onClick={() => void client.logout().catch(() => undefined)}>
                Sign out
              </button>
            </>
          ) : null}
        </div>
      </header>
      {snapshot.degraded && (
        <p className="notice" role="status">
          {messageFor(snapshot.degraded).title}. {messageFor(snapshot.degraded).detail}
        </p>
      )}
      {snapshot.status === 'ended' && <Ended reason={snapshot.ended} />}
      {snapshot.status === 'switched' && (
        <p className="notice" role="alert">
          You are now signed in as {snapshot.newUser.name} in another tab. <a href={path}>Continue as {snapshot.newUser.name}</a>
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {snapshot.status === 'loading' ? <Waiting /> : inside && page ? page() : <Landing />}
      </main>
      {inside && <Log />}
    </>
  )
}

function Ended({ reason }: { reason: string }) {
  return (
    <p className="notice" role="alert">
      Your session is over ({reason.replaceAll('_', ' ')}). What you were doing is still on this page.{' '}
      <button onClick={() => void client.login()}>Sign in and continue</button>
    </p>
  )
}

const Waiting = () => (
  <div className="cards" aria-busy="true" aria-label="Loading">
    {[1, 2, 3].map((number) => (
      <div key={number} className="card skeleton" />
    ))}
  </div>
)

function Log() {
  const entries = useLog()
  const [open, setOpen] = useState(false)
  return (
    <aside className="log" aria-label="Request log">
      <button className="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        Request log <span className="count">{entries.length}</span>
      </button>
      {open && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th>Method</th>
                <th>Path</th>
                <th>Status</th>
                <th>BFF-Error</th>
                <th>ms</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr key={entry.id}>
                  <td>{entry.method}</td>
                  <td>{entry.path}</td>
                  <td>{entry.status || 'none'}</td>
                  <td>{entry.error ?? ''}</td>
                  <td className="number">{Math.round(entry.ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </aside>
  )
}
