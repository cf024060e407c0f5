import type { ReactNode } from 'react'
import { messageFor } from '../words.js'
import { useClient, useSession } from './provider.js'

/** Says when something does not answer, and that the session is not affected. */
export function SessionBanner(): ReactNode {
  const client = useClient()
  const { degraded } = useSession()
  const message = degraded && messageFor(degraded)
  return (
    <div role="status" className="bff-banner" hidden={!message}>
      {message && (
        <>
          <strong>{message.title}</strong> {message.detail}{' '}
          <button className="bff-button" onClick={() => void client.session({ fresh: true }).catch(() => {})}>
            Retry now
          </button>
        </>
      )}
    </div>
  )
}
