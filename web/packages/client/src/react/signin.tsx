import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { BffError } from '../problem.js'
import { Actions, Button } from './modal.js'
import { useClient, useWords } from './provider.js'

export type SignInMode = 'popup' | 'redirect'

interface Props {
  readonly label: string
  readonly mode: SignInMode
  /** Other buttons, before this one. */
  readonly children?: ReactNode
}

/** A sign-in that a click starts, and what becomes of it. Requests of the page wait for it meanwhile. */
export function SignIn({ label, mode, children }: Props): ReactNode {
  const client = useClient()
  const messageFor = useWords()
  const [running, run] = useState<AbortController | null>(null)
  const [error, fail] = useState<BffError | null>(null)
  const last = useRef(running)
  useEffect(() => () => last.current?.abort(), [])

  const start = async (how: SignInMode) => {
    // Clicked again: the same window comes to the front, or opens anew.
    if (running) return void client.login({ mode: how }).catch(fail)
    const mine = (last.current = new AbortController())
    const release = client.hold()
    fail(null)
    if (how === 'popup') run(mine)
    try {
      await client.login({ mode: how, signal: mine.signal })
    } catch (failure) {
      if (!mine.signal.aborted) fail(failure as BffError)
    }
    release()
    run(null)
  }
  const blocked = error?.code === 'popup_blocked'
  const message = error && messageFor(error)
  return (
    <>
      <p role="status" className="bff-status">
        {running ? 'Waiting for the sign-in window.' : message && `${message.title}. ${message.detail}`}
      </p>
      <Actions>
        {children}
        <Button onClick={() => start(blocked ? 'redirect' : mode)}>
          {running ? 'Open again' : blocked ? 'Sign in on this page' : label}
        </Button>
        {running && <Button onClick={() => running.abort()}>Cancel</Button>}
      </Actions>
    </>
  )
}
