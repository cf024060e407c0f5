import type { ReactNode } from 'react'
import { client, useSession } from './client'
import { Frame } from './Frame'
import { usePath } from './router'

export function App() {
  const { status } = useSession()
  if (status === 'loading') return <Plain title="One moment">Looking for your session.</Plain>
  if (status === 'authenticated') return <Pages />
  return (
    <Plain title="Sign in to review">
      <p>The console is for reviewers and administrators. Every look at it is written down.</p>
      <button type="button" className="primary" onClick={() => void client.login()}>
        Sign in
      </button>
    </Plain>
  )
}

function Pages() {
  const path = usePath()
  return (
    <Frame openAlerts={null} status={null}>
      <h1>{path}</h1>
    </Frame>
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
