import type { ReactNode } from 'react'
import { messageFor } from '../words.js'
import { Button } from './modal.js'
import { useClient, useSession } from './provider.js'

/** Says when something does not answer, and that the session is not affected. */
export function SessionBanner(): ReactNode {
  const client = useClient()
  const { degraded } = useSession()
  const message = degraded && messageFor(degraded)
  return (
    // Always there: what appears together with its words is not read aloud.
    <div role="status" className="bff-banner">
      {message && (
        <>
          <strong>{message.title}</strong> <span>{message.detail}</span>{' '}
          <Button onClick={() => void client.session({ fresh: true }).catch(() => {})}>Retry now</Button>
        </>
      )}
    </div>
  )
}
