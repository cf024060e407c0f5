import { useEffect, type ReactNode } from 'react'
import { client, ConsoleError, useSession } from './client'
import { Frame } from './Frame'
import { useLive } from './live'
import { Chip } from './marks'
import { Alerts } from './pages/Alerts'
import { Audit } from './pages/Audit'
import { Ends } from './pages/Ends'
import { Overview } from './pages/Overview'
import { Posture } from './pages/Posture'
import { Refreshes } from './pages/Refreshes'
import { Runbook } from './pages/Runbook'
import { Search } from './pages/Search'
import { Session } from './pages/Session'
import { Sessions } from './pages/Sessions'
import { User } from './pages/User'
import { Link, usePath, useQuery } from './router'
import { exact, useZone } from './time'
import type { Me, Overview as OverviewAnswer, ProviderState } from './wire'

const NAMES: Readonly<Record<string, string>> = { '/': 'Overview', '/sessions': 'Sessions', '/refreshes': 'Refresh history', '/audit': 'Audit trail', '/alerts': 'Alerts', '/posture': 'Posture', '/user': 'User', '/search': 'Search', '/runbook': 'Runbook' }

export function App() {
  const { status } = useSession()
  if (status === 'loading') return <Plain title="One moment">Looking for your session.</Plain>
  if (status === 'authenticated') return <Door />
  return (
    <Plain title={status === 'ended' ? 'Your session has ended' : 'Sign in to review'}>
      <p>The console is for reviewers and administrators. Every look at it is written down.</p>
      <button type="button" className="primary" onClick={() => void client.login()}>
        Sign in
      </button>
    </Plain>
  )
}

/** Whether this user may look at all. */
function Door() {
  const { data: me, error } = useLive<Me>('/me')
  if (me !== null) return <Inside me={me} />
  if (error === null) return <Plain title="One moment">Asking who you are.</Plain>
  if (error instanceof ConsoleError && error.status === 403) {
    return (
      <Plain title="Not for this account">
        <p>You are signed in, but not as a reviewer or administrator. This look has been written down.</p>
        <button type="button" onClick={() => void client.logout()}>
          Sign out
        </button>
      </Plain>
    )
  }
  return (
    <Plain title="The console cannot be reached">
      <p>{error.message}</p>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </Plain>
  )
}

function Inside({ me }: { me: Me }) {
  const overview = useLive<OverviewAnswer>('/overview')
  const path = usePath()
  useEffect(() => {
    const part = `/${path.split('/')[1] ?? ''}`
    document.title = `${NAMES[part] ?? 'Session'} · ${me.environment}`
  }, [path, me.environment])
  return (
    <Frame openAlerts={overview.data?.open_alerts ?? null} status={<Status me={me} provider={overview.data?.provider ?? null} />}>
      <View path={path} overview={overview} />
    </Frame>
  )
}

function View({ path, overview }: { path: string; overview: Parameters<typeof Overview>[0] }) {
  const [query] = useQuery()
  if (path === '/') return <Overview {...overview} />
  if (path === '/sessions') return <Sessions />
  if (path.startsWith('/sessions/')) return <Session reference={decodeURIComponent(path.slice('/sessions/'.length))} />
  if (path.startsWith('/ends/')) return <Ends id={decodeURIComponent(path.slice('/ends/'.length))} />
  if (path === '/refreshes') return <Refreshes />
  if (path === '/audit') return <Audit />
  if (path === '/alerts') return <Alerts />
  if (path === '/posture') return <Posture />
  if (path === '/runbook') return <Runbook rule={query.get('rule') ?? ''} />
  if (path === '/search') return <Search text={query.get('q') ?? ''} />
  if (path === '/user') return <User subject={query.get('subject') ?? ''} />
  return (
    <>
      <h1>No such page</h1>
      <p>
        <Link to="/">Back to the overview</Link>
      </p>
    </>
  )
}

function Status({ me, provider }: { me: Me; provider: ProviderState | null }) {
  const [zone] = useZone()
  return (
    <>
      <span className={me.environment === 'production' ? 'tag' : 'tag calm'}>{me.environment}</span>
      {provider !== null && (
        <Chip tone={provider.state === 'up' ? 'good' : provider.state === 'slow' ? 'warn' : 'bad'}>
          provider {provider.state === 'open' ? `not asked${provider.until === null ? '' : ` until ${exact(provider.until, zone).slice(11, 19)}`}` : provider.state}
        </Chip>
      )}
    </>
  )
}

export function Plain({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="plain" id="page" tabIndex={-1}>
      <h1>{title}</h1>
      {children}
    </main>
  )
}
