import { useEffect, useRef, useState } from 'react'
import type { BffError } from '../problem.js'
import type { LoginOptions } from '../types.js'
import { useClient } from './provider.js'

export interface SignIn {
  /** The sign-in window is open. */
  readonly waiting: boolean
  /** Why the last one did not complete. */
  readonly error: BffError | null
  start(mode?: LoginOptions['mode']): void
  cancel(): void
}

/** A sign-in that a click starts. Requests of the page wait for it meanwhile. */
export function useSignIn(): SignIn {
  const client = useClient()
  const [waiting, setWaiting] = useState(false)
  const [error, setError] = useState<BffError | null>(null)
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  return {
    waiting,
    error,
    async start(mode = 'popup') {
      // Clicked again: the same window comes to the front, or opens anew.
      const first = !running.current
      const mine = (running.current ??= new AbortController())
      const release = client.hold()
      setError(null)
      try {
        const done = client.login({ mode, signal: mine.signal })
        setWaiting(mode === 'popup')
        await done
      } catch (failure) {
        if (!mine.signal.aborted) setError(failure as BffError)
      } finally {
        release()
        if (first) {
          running.current = undefined
          setWaiting(false)
        }
      }
    },
    cancel: () => running.current?.abort(),
  }
}
