import { useLayoutEffect, type ReactNode } from 'react'
import { Actions, Button, Modal } from './modal.js'
import { useClient, useProvided, useSession, useWords } from './provider.js'
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
  const messageFor = useWords()
  useLayoutEffect(() => client.hold(), [client])
  if (snapshot.status !== 'ended') return null
  const { ended, limitMs } = snapshot
  const { title, detail } = messageFor({ code: ended, info: { limitMs } })
  const keeps = detail.includes('Your work')
  return (
    <Modal title={title} detail={detail} opaque={snapshot.covered}>
      <SignIn label={keeps ? 'Sign in and continue' : 'Sign in again'} mode={mode} />
    </Modal>
  )
}

function NotSignedOut(): ReactNode {
  const { logout, refused, forget, words } = useProvided()
  return (
    <Modal {...words({ code: 'logout_failed' })} opaque>
      <Actions>
        <Button onClick={() => logout(refused!)}>Try again</Button>
        <Button onClick={forget}>Back to the page</Button>
      </Actions>
    </Modal>
  )
}
