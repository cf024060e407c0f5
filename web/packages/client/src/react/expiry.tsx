import { useState, type ReactNode } from 'react'
import { useCountdown } from './countdown.js'
import { Modal } from './modal.js'
import { useClient, useSession } from './provider.js'

/** Warns before a session ends, and offers to stay signed in. */
export function SessionExpiryDialog(): ReactNode {
  const snapshot = useSession()
  return snapshot.status === 'authenticated' && snapshot.expiring ? <Warning /> : null
}

function Warning(): ReactNode {
  const client = useClient()
  const { secondsLeft } = useCountdown()
  const [dismissed, dismiss] = useState(false)
  const stay = () => void client.extend().catch(() => dismiss(false))
  if (dismissed) return null
  return (
    <Modal title="You will be signed out soon" detail="There has been no activity for a while." onEscape={stay}>
      <p className="bff-countdown" aria-hidden>
        {secondsLeft}
      </p>
      <button className="bff-button" onClick={stay}>
        Stay signed in
      </button>
    </Modal>
  )
}
