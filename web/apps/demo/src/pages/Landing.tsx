import { messageFor } from '@cookie-bff/client'
import { client, useSession } from '../client'
import { Link } from '../router'

export function Landing() {
  const snapshot = useSession()
  const error = snapshot.status === 'anonymous' ? snapshot.loginError : null
  return (
    <section className="hero">
      <p className="eyebrow">Lead capture for events</p>
      <h1>Meet people. Keep the conversation.</h1>
      <p className="lead">
        EventLead collects the people your team meets at trade shows. This demo runs behind a backend for frontend: your browser
        holds one HttpOnly cookie, and nothing else that could be stolen.
      </p>
      {error && (
        <p className="notice" role="alert">
          {messageFor(error).title}. Reference {error.info.requestId}.
        </p>
      )}
      {snapshot.user ? (
        <Link className="button" href="/events">
          Open events
        </Link>
      ) : (
        <button className="primary" data-testid="sign-in" onClick={() => void client.login({ returnTo: '/events' })}>
          Sign in
        </button>
      )}
      <dl className="facts">
        <div>
          <dt>15 minutes</dt>
          <dd>is how long access lasts. It is renewed on the server five minutes early; you never notice.</dd>
        </div>
        <div>
          <dt>7 days</dt>
          <dd>is how long you stay signed in at most, however busy you are.</dd>
        </div>
        <div>
          <dt>0 secrets</dt>
          <dd>in this page. Sign in and look for yourself under “What JavaScript sees”.</dd>
        </div>
      </dl>
    </section>
  )
}
