import { useEffect, useState, type ReactNode } from 'react'
import { client, useSession } from './client'
import { useKeys, useKeysHeard } from './keys'
import { usePaused } from './live'
import { Link, go, usePath } from './router'
import { duration, useZone } from './time'

const PAGES = [
  ['/', 'Overview'],
  ['/sessions', 'Sessions'],
  ['/refreshes', 'Refresh history'],
  ['/audit', 'Audit trail'],
  ['/alerts', 'Alerts'],
  ['/posture', 'Posture'],
] as const

/** What surrounds every page: navigation, search, the switches, the reviewer's own countdown. */
export function Frame({ openAlerts, status, children }: { openAlerts: number | null; status: ReactNode; children: ReactNode }) {
  useKeys()
  return (
    <>
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header className="bar">
        <span className="brand">Sessions console</span>
        <Search />
        {status}
        <Switches />
        <Own />
      </header>
      <div className="frame">
        <Navigation openAlerts={openAlerts} />
        <main id="page" tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  )
}

function Navigation({ openAlerts }: { openAlerts: number | null }) {
  const path = usePath()
  return (
    <nav aria-label="Console">
      {PAGES.map(([to, name]) => (
        <Link key={to} to={to} aria-current={to === '/' ? (path === '/' ? 'page' : undefined) : path.startsWith(to) ? 'page' : undefined}>
          {name}
          {to === '/alerts' && openAlerts !== null && openAlerts > 0 && (
            <span className="count">
              {openAlerts}
              <span className="unseen"> open</span>
            </span>
          )}
        </Link>
      ))}
      <Keys />
    </nav>
  )
}

/** What single keys do, and a switch for them. */
function Keys() {
  const [heard, turn] = useKeysHeard()
  return (
    <div className="keys muted">
      <p hidden={!heard}>
        <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> rows, <kbd>Enter</kbd> opens
      </p>
      <button type="button" className="quiet" aria-pressed={heard} onClick={turn}>
        Shortcuts {heard ? 'on' : 'off'}
      </button>
    </div>
  )
}

function Search() {
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        const text = String(new FormData(event.currentTarget).get('q') ?? '').trim()
        if (text !== '') go(`/search?q=${encodeURIComponent(text)}`)
      }}
    >
      <label className="unseen" htmlFor="search">
        Search by user, reference, address or request id
      </label>
      <input id="search" name="q" type="search" placeholder="User, reference, address, request id" />
    </form>
  )
}

function Switches() {
  const [paused, pause] = usePaused()
  const [zone, turn] = useZone()
  return (
    <span className="switches">
      <button type="button" className="quiet" aria-pressed={paused} onClick={pause}>
        {paused ? 'Resume updates' : 'Pause updates'}
      </button>
      <button type="button" className="quiet" onClick={turn} aria-label={`Times in ${zone}; switch`}>
        {zone}
      </button>
    </span>
  )
}

/** The reviewer's own session, which ends like any other. */
function Own() {
  const { session, user } = useSession()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  if (session === null || user === null) return null
  return (
    <span className="own">
      <span title={user.sub}>{user.name ?? user.sub}</span>
      <span className="muted figure" title="Your own session ends in">
        {duration((session.deadline.at - now) / 1000)}
      </span>
      <button type="button" className="quiet" onClick={() => void client.logout()}>
        Sign out
      </button>
    </span>
  )
}
