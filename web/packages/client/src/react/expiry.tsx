import { useEffect, useState, type ReactNode } from 'react'
import { messageFor } from '../words.js'
import { useCountdown } from './countdown.js'
import { Button, Modal } from './modal.js'
import { useClient, useSession } from './provider.js'
import { SignIn } from './signin.js'

/** When the time left is said aloud, in seconds. */
const SPOKEN = [10, 30, 60, 120]

/** A hidden tab is noticed by its title. */
function useTitle(mark: string | null): void {
  useEffect(() => {
    if (!mark) return
    const was = document.title
    const marked = `(${mark}) ${was}`
    document.title = marked
    return () => {
      // Unless the page has set another meanwhile.
      if (document.title === marked) document.title = was
    }
  }, [mark])
}

/** Warns before a session ends, and offers to stay signed in. Covers the page when the time is over, until the server has answered. */
export function SessionExpiryDialog(): ReactNode {
  const snapshot = useSession()
  if (snapshot.status !== 'authenticated') return null
  // Most answers come at once: nothing flashes.
  if (snapshot.covered) return snapshot.busy || snapshot.degraded ? <Checking /> : null
  const { extendable } = snapshot.session.deadline
  return snapshot.expiring ? <Warning key={`${extendable}`} extendable={extendable} /> : null
}

function Checking(): ReactNode {
  const client = useClient()
  const { degraded } = useSession()
  const { title, detail } = degraded ? messageFor(degraded) : { title: 'One moment', detail: 'Checking whether you are still signed in…' }
  return (
    <Modal title={title} detail={detail}>
      <div className="bff-actions">
        <Button onClick={() => void client.session({ fresh: true }).catch(() => {})}>Retry now</Button>
      </div>
    </Modal>
  )
}

function Warning({ extendable }: { extendable: boolean }): ReactNode {
  const client = useClient()
  const { degraded, session } = useSession()
  const left = useCountdown().secondsLeft ?? 0
  const [dismissed, dismiss] = useState(false)
  const clock = `${Math.floor(left / 60)}:${`${left % 60}`.padStart(2, '0')}`
  useTitle(clock)
  if (dismissed) return null
  const stay = () => void client.extend().catch(() => {})
  const close = () => dismiss(true)
  const time = new Date(session?.deadline.at ?? 0).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return (
    <Modal
      title={extendable ? 'Are you still there?' : `Your session will end at ${time}`}
      detail={
        degraded
          ? messageFor(degraded).detail
          : extendable
            ? 'You will be signed out soon, because there has been no activity for a while.'
            : 'Save your work. It stays on this page when you sign in again.'
      }
      onEscape={extendable ? stay : close}
    >
      <p className="bff-countdown" aria-hidden>
        {clock}
      </p>
      <p className="bff-spoken" role="status">
        {SPOKEN.filter((seconds) => left <= seconds)[0]} seconds left
      </p>
      {extendable ? (
        <div className="bff-actions">
          <Button onClick={stay}>Stay signed in</Button>
        </div>
      ) : (
        <SignIn label="Sign in again now" mode="popup">
          <Button onClick={close}>OK</Button>
        </SignIn>
      )}
    </Modal>
  )
}
