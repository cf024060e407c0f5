import { useEffect, useState, type ReactNode } from 'react'
import { ignore } from '../wait.js'
import { clockOf, useCountdown } from './countdown.js'
import { Actions, Button, Modal, Retry } from './modal.js'
import { useClient, useSession, useWords } from './provider.js'
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
  const { degraded } = useSession()
  const messageFor = useWords()
  return (
    <Modal {...messageFor(degraded ?? { code: 'checking' })}>
      <Actions>
        <Retry />
      </Actions>
    </Modal>
  )
}

function Warning({ extendable }: { extendable: boolean }): ReactNode {
  const client = useClient()
  const { degraded, session } = useSession()
  const messageFor = useWords()
  const left = useCountdown().secondsLeft ?? 0
  const [dismissed, dismiss] = useState(false)
  const clock = clockOf(left)
  useTitle(clock)
  if (dismissed) return null
  const { title, detail } = messageFor({ code: extendable ? 'expiring' : 'ending' })
  const stay = () => client.extend().catch(ignore)
  const close = () => dismiss(true)
  const time = new Date(session?.deadline.at ?? 0).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return (
    <Modal
      title={extendable ? title : `${title} ${time}`}
      detail={degraded ? messageFor(degraded).detail : detail}
      onEscape={extendable ? stay : close}
    >
      <p className="bff-countdown" aria-hidden>
        {clock}
      </p>
      <p className="bff-spoken" role="status">
        {SPOKEN.filter((seconds) => left <= seconds)[0]} seconds left
      </p>
      {extendable ? (
        <Actions>
          <Button onClick={stay}>Stay signed in</Button>
        </Actions>
      ) : (
        <SignIn label="Sign in again now" mode="popup">
          <Button onClick={close}>OK</Button>
        </SignIn>
      )}
    </Modal>
  )
}
