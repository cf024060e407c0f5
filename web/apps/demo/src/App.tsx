import { RequireSession, SessionBanner } from '@cookie-bff/client/react'
import { useEffect, type ReactNode } from 'react'
import { useSession } from './client'
import { Header, Rail } from './Frame'
import { LogPanel } from './LogPanel'
import { Bench } from './pages/Bench'
import { EventPage } from './pages/EventPage'
import { Events } from './pages/Events'
import { Files } from './pages/Files'
import { Landing } from './pages/Landing'
import { LeadPage } from './pages/LeadPage'
import { Leads } from './pages/Leads'
import { NewLead } from './pages/NewLead'
import { Overview } from './pages/Overview'
import { Profile } from './pages/Profile'
import { See } from './pages/See'
import { SessionPage } from './pages/SessionPage'
import { Page, Skeletons } from './parts'
import { Link, match, usePath } from './router'

interface Route {
  readonly pattern: string
  readonly title: string
  readonly page: (parameter: string) => ReactNode
}

const ROUTES: readonly Route[] = [
  { pattern: '/', title: 'Overview', page: () => <Overview /> },
  { pattern: '/events', title: 'Events', page: () => <Events /> },
  { pattern: '/events/:id', title: 'Event', page: (id) => <EventPage id={id} /> },
  { pattern: '/leads', title: 'Leads', page: () => <Leads /> },
  { pattern: '/leads/new', title: 'New lead', page: () => <NewLead /> },
  { pattern: '/leads/:id', title: 'Lead', page: (id) => <LeadPage id={id} /> },
  { pattern: '/files', title: 'Files', page: () => <Files /> },
  { pattern: '/session', title: 'Session', page: () => <SessionPage /> },
  { pattern: '/profile', title: 'Profile', page: () => <Profile /> },
  { pattern: '/see', title: 'What can JavaScript see?', page: () => <See /> },
  { pattern: '/bench', title: 'Fault bench', page: () => <Bench /> },
]

export function App() {
  const { status } = useSession()
  const path = usePath()
  const found = ROUTES.map((route) => ({ route, parameter: match(route.pattern, path) })).find(({ parameter }) => parameter !== null)
  const inside = status !== 'loading' && status !== 'anonymous'
  const title = inside || path !== '/' ? (found?.route.title ?? 'Not found') : 'Meet people. Keep the conversation.'
  useEffect(() => {
    document.title = `${title} · EventLead`
  }, [title])

  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Header />
      <SessionBanner />
      <div className={inside ? 'frame with-rail' : 'frame'}>
        {inside && <Rail />}
        <main id="main" tabIndex={-1} key={inside ? path : 'outside'}>
          <RequireSession loading={<Skeletons label="Looking for your session" />} anonymous={<Landing />}>
            {found ? found.route.page(found.parameter ?? '') : <NotFound />}
          </RequireSession>
        </main>
      </div>
      {inside && <LogPanel />}
    </>
  )
}

const NotFound = () => (
  <Page title="There is nothing here" lead="The address may be old, or mistyped.">
    <p>
      <Link className="button" href="/">
        Back to the overview
      </Link>
    </p>
  </Page>
)
