import { messageFor } from '@cookie-bff/client'
import { useSession } from '../client'
import { Icon, type IconName } from '../icons'
import { usePath } from '../router'

const FACTS: readonly (readonly [IconName, string, string])[] = [
  ['eye', 'Nothing to steal in the page', 'One HttpOnly cookie signs you in. Scripts cannot read it, and there is nothing else.'],
  ['clock', 'Fifteen minutes, renewed unseen', 'Access is short-lived and renewed on the server five minutes early. No request waits for it.'],
  ['check', 'Your work stays on the page', 'A session may end while you type. The form stays, you sign in again, and Save completes.'],
]

export function Landing() {
  const snapshot = useSession()
  const path = usePath()
  const error = snapshot.status === 'anonymous' ? snapshot.loginError : null
  const start = () => void snapshot.login({ returnTo: path === '/' ? '/events' : path })
  return (
    <section className="landing">
      <div className="hero">
        <div className="hero-words">
          <p className="eyebrow">Lead capture for trade shows</p>
          <h1>Meet people. Keep the conversation.</h1>
          <p className="lead">
            EventLead remembers who your team met, where, and what was promised. This demo runs behind a backend for frontend: the
            browser never holds a credential.
          </p>
          {error && (
            <p className="notice bad" role="alert">
              <strong>{messageFor(error).title}.</strong> Nobody was signed in. Reference {error.info.requestId}
            </p>
          )}
          <button type="button" className="primary large" data-testid="sign-in" onClick={start}>
            {error ? 'Try again' : 'Sign in'}
          </button>
          <p className="muted small-text">A mock provider asks who you are. There are no passwords here.</p>
        </div>
        <Picture />
      </div>
      <ul className="facts">
        {FACTS.map(([icon, title, text]) => (
          <li key={title}>
            <Icon name={icon} />
            <h2>{title}</h2>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** What the product is about, drawn: three cards of people. */
const Picture = () => (
  <div className="picture" aria-hidden="true">
    {(
      [
        ['IS', 'Inga Sveinsdóttir', 'Nordlys Studio', 'hot'],
        ['DW', 'Daan de Wit', 'Kanaal Systems', 'warm'],
        ['NP', 'Núria Puig', 'Segona Vida', 'warm'],
      ] as const
    ).map(([letters, name, company, score]) => (
      <div className="picture-card" key={name}>
        <span className="avatar">{letters}</span>
        <span>
          <strong>{name}</strong>
          <span className="muted">{company}</span>
        </span>
        <span className={`badge score-${score}`}>{score}</span>
      </div>
    ))}
  </div>
)
