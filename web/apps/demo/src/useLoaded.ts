import { useCallback, useEffect, useState } from 'react'
import { callJson } from './client'

export interface Loaded<T> {
  readonly data: T | null
  readonly error: string | null
  readonly reload: () => void
}

/** GET `path` now and after each `reload()`; what was there stays until the new answer has come. */
export function useLoaded<T>(path: string): Loaded<T> {
  const [data, setData] = useState<T | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [round, setRound] = useState(0)
  useEffect(() => {
    const leave = new AbortController()
    callJson<T>(path, { signal: leave.signal }).then(
      (answer) => {
        setData(answer)
        setError(null)
      },
      (reason: unknown) => {
        if (!leave.signal.aborted) setError(reason instanceof Error ? reason.message : 'failed')
      },
    )
    return () => leave.abort()
  }, [path, round])
  return { data, error, reload: useCallback(() => setRound((was) => was + 1), []) }
}
