import '@cookie-bff/client/styles.css'
import './styles/scale.css'
import './styles/elements.css'
import './styles/parts.css'
import './styles/pages.css'
import { SessionEndedDialog, SessionExpiryDialog, SessionProvider, SessionSwitchedDialog } from '@cookie-bff/client/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { client } from './client'

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <SessionProvider client={client}>
        <App />
        <SessionExpiryDialog />
        <SessionEndedDialog mode="popup" />
        <SessionSwitchedDialog />
      </SessionProvider>
    </StrictMode>,
  )
}
