import { useSession } from '../client'
import { looksSecret } from '../format'

const dump = (storage: Storage): string => JSON.stringify(Object.fromEntries(Object.entries(storage)), null, 2)

export function See() {
  const snapshot = useSession()
  const seen: Readonly<Record<string, string>> = {
    'document.cookie': document.cookie || '(empty: the cookie is HttpOnly)',
    localStorage: dump(localStorage),
    sessionStorage: dump(sessionStorage),
    'client.getSnapshot()': JSON.stringify(snapshot, null, 2),
  }
  const found = Object.values(seen).some(looksSecret)
  return (
    <section>
      <header className="title">
        <h1>What can JavaScript see?</h1>
      </header>
      <p className={found ? 'notice' : 'notice good'} role="status" data-testid="verdict">
        {found ? 'A credential was found. That is a bug.' : 'No credential found: nothing here signs anybody in.'}
      </p>
      {Object.entries(seen).map(([name, content]) => (
        <article className="card" key={name}>
          <h2>
            <code>{name}</code>
          </h2>
          <pre>{content}</pre>
        </article>
      ))}
      <p className="muted">
        A script that runs in this page can still act as you while the page is open. What it cannot do is take your sign-in away with it.
      </p>
    </section>
  )
}
