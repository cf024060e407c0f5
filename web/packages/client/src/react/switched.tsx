import type { ReactNode } from 'react'
import { Actions, Button, Modal } from './modal.js'
import { useSession } from './provider.js'

/** Somebody else signed in in another tab: nothing is sent until a person has chosen. */
export function SessionSwitchedDialog(): ReactNode {
  const snapshot = useSession()
  if (snapshot.status !== 'switched') return null
  const { newUser, logout } = snapshot
  const name = newUser.name ?? newUser.sub
  return (
    <Modal title="Different account" detail={`You are now signed in as ${name} in another tab.`}>
      <Actions>
        <Button onClick={() => location.reload()}>Continue as {name}</Button>
        <Button onClick={() => logout()}>Sign out</Button>
      </Actions>
    </Modal>
  )
}
