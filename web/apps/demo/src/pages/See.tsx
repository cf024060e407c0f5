import { useEffect, useState } from 'react'
import { useSession } from '../client'
import { looksSecret } from '../format'
import { Page } from '../parts'

const dump = (storage: Storage): string => JSON.stringify(Object.fromEntries(Object.entries(storage)), null, 2)

async function databases(): Promise<string> {
  const found = (await indexedDB.databases?.().catch(() => [])) ?? []
  return found.length ? found.map(({ name }) => name).join(', ') : '(none)'
}

export function See() {
  const { login: _in, logout: _out, extend: _extend, fetch: _fetch, ...snapshot } = useSession()
  const [stored, setStored] = useState('…')
  useEffect(() => void databases().then(setStored), [])
  const seen: readonly (readonly [name: string, what: string, content: string])[] = [
    ['document.cookie', 'The session cookie is HttpOnly, so it is not in here.', document.cookie || '(empty)'],
    ['localStorage', 'Nothing is ever written here.', dump(localStorage)],
    ['sessionStorage', 'Drafts of what you type in this tab; gone with a sign-out.', dump(sessionStorage)],
    ['indexedDB', 'Not used.', stored],
    ['window.name', 'Not used.', window.name || '(empty)'],
    ['client.getSnapshot()', 'Everything the client library knows.', JSON.stringify(snapshot, null, 2)],
  ]
  const found = seen.some(([, , content]) => looksSecret(content))
  return (
    <Page title="What can JavaScript see?" lead="Everything a script in this page could read, an injected one included.">
      <p className={found ? 'notice bad' : 'notice good'} role="status" data-testid="verdict">
        <strong>{found ? 'A credential was found. That is a bug.' : 'No credential found.'}</strong>{' '}
        {!found && 'Nothing here signs anybody in, on this machine or another.'}
      </p>
      <div className="cards wide-cards">
        {seen.map(([name, what, content]) => (
          <article className="card" key={name}>
            <h2>
              <code>{name}</code>
            </h2>
            <p className="muted">{what}</p>
            <pre tabIndex={0} aria-label={`Content of ${name}`} role="region">
              {content}
            </pre>
          </article>
        ))}
      </div>
      <p className="muted">
        A script that runs in this page can still act as you while the page is open. What it cannot do is take your sign-in away with it.
      </p>
    </Page>
  )
}
