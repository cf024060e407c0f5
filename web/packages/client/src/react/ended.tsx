import { useLayoutEffect, type ReactNode } from 'react'
import { Modal } from './modal.js'
import { useClient, useSession } from './provider.js'
import { useSignIn } from './signin.js'

/** The session is over, the page is not: signs in again over the intact page. */
export function SessionEndedDialog({ mode = 'popup' }: { mode?: 'popup' | 'redirect' }): ReactNode {
  return useSession().status === 'ended' ? <Ended mode={mode} /> : null
}

function Ended({ mode }: { mode: 'popup' | 'redirect' }): ReactNode {
  const client = useClient()
  const { start } = useSignIn()
  useLayoutEffect(() => client.hold(), [client])
  return (
    <Modal title="You were signed out" detail="Your work is still on this page.">
      <button className="bff-button" onClick={() => start(mode)}>
        Sign in and continue
      </button>
    </Modal>
  )
}
