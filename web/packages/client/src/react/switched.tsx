import type { ReactNode } from 'react'
import { Modal } from './modal.js'
import { useSession } from './provider.js'

/** Somebody else signed in in another tab: nothing is sent until a person has chosen. */
export function SessionSwitchedDialog(): ReactNode {
  const snapshot = useSession()
  if (snapshot.status !== 'switched') return null
  const name = snapshot.newUser.name ?? snapshot.newUser.sub
  return (
    <Modal title="Different account" detail={`You are now signed in as ${name} in another tab.`}>
      <button className="bff-button" onClick={() => location.reload()}>
        Continue as {name}
      </button>
      <button className="bff-button" onClick={() => void snapshot.logout()}>
        Sign out
      </button>
    </Modal>
  )
}
