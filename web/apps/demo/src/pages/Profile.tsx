import { useSession, type User } from '../client'
import { initials } from '../Frame'
import { Page } from '../parts'
import { MySessions } from './MySessions'

const NAMES: Readonly<Record<string, string>> = { name: 'Name', email: 'E-mail', roles: 'Roles', sub: 'Subject' }

export function Profile() {
  const { user, logout } = useSession()
  if (!user) return null
  const claims = Object.entries(user as User & Record<string, unknown>)
  return (
    <Page title="Profile" lead="What the provider says of you, and the server chose to tell this page.">
      <div className="halves">
        <section className="panel" aria-labelledby="claims">
          <h2 id="claims">Claims</h2>
          <p className="person large">
            <span className="avatar" aria-hidden="true">
              {initials(user.name ?? user.sub)}
            </span>
            <strong>{user.name ?? user.sub}</strong>
          </p>
          <dl className="facts-list" data-testid="claims">
            {claims.map(([name, value]) => [
              <dt key={name}>{NAMES[name] ?? name}</dt>,
              <dd key={`${name}-value`}>{Array.isArray(value) ? value.join(', ') : String(value)}</dd>,
            ])}
          </dl>
        </section>
        <MySessions />
        <section className="panel" aria-labelledby="everywhere">
          <h2 id="everywhere">Signed in elsewhere?</h2>
          <p>This ends every session of yours, on all devices, this one included. Pages that are open say so within a second.</p>
          <button type="button" className="danger" onClick={() => void logout({ everywhere: true }).catch(() => undefined)}>
            Sign out everywhere
          </button>
        </section>
      </div>
    </Page>
  )
}
