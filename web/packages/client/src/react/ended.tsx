import { useLayoutEffect, type ReactNode } from 'react'
import { BffError } from '../problem.js'
import { messageFor } from '../words.js'
import { Button, Modal } from './modal.js'
import { useClient, useProvided, useSession } from './provider.js'
import { SignIn, type SignInMode } from './signin.js'

/**
 * The session is over, the page is not: signs in again over the intact page, and what was being saved is saved. Says so, too, when a
 * sign-out did not happen.
 */
export function SessionEndedDialog({ mode = 'popup' }: { mode?: SignInMode }): ReactNode {
  const { status } = useSession()
  const { refused } = useProvided()
  if (status === 'ended') return <Ended mode={mode} />
  return status === 'authenticated' && refused ? <NotSignedOut /> : null
}

function Ended({ mode }: { mode: SignInMode }): ReactNode {
  const client = useClient()
  const snapshot = useSession()
  useLayoutEffect(() => client.hold(), [client])
  if (snapshot.status !== 'ended') return null
  const { ended, limitMs } = snapshot
  const { title, detail } = messageFor(new BffError(ended, { limitMs }))
  const keeps = detail.includes('Your work')
  return (
    <Modal title={title} detail={detail} opaque={snapshot.covered}>
      <SignIn label={keeps ? 'Sign in and continue' : 'Sign in again'} mode={mode} />
    </Modal>
  )
}

function NotSignedOut(): ReactNode {
  const { logout, refused, forget } = useProvided()
  const { title, detail } = messageFor(new BffError('logout_failed'))
  return (
    <Modal title={title} detail={detail} opaque>
      <div className="bff-actions">
        <Button onClick={() => void logout(refused!).catch(() => {})}>Try again</Button>
        <Button onClick={forget}>Back to the page</Button>
      </div>
    </Modal>
  )
}
