import { useCallback, useEffect, useState } from 'react'
import { callJson, useSession } from './client'

export interface Loaded<T> {
  readonly data: T | null
  readonly error: Error | null
  readonly reload: () => void
}

/** GET `path` now, after each `reload()`, and after a sign-in; what was there stays until the new answer has come. */
export function useLoaded<T>(path: string): Loaded<T> {
  const { session } = useSession()
  const ref = session?.ref
  const [data, setData] = useState<T | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const [round, setRound] = useState(0)
  useEffect(() => {
    if (!ref) return
    const leave = new AbortController()
    callJson<T>(path, { signal: leave.signal }).then(
      (answer) => {
        setData(answer)
        setError(null)
      },
      (reason: unknown) => {
        if (!leave.signal.aborted) setError(reason instanceof Error ? reason : new Error('failed'))
      },
    )
    return () => leave.abort()
  }, [path, ref, round])
  return { data, error, reload: useCallback(() => setRound((was) => was + 1), []) }
}
