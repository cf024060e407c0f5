import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ask, client } from './client'

const EVERY_MS = 10_000

const watchers = new Set<() => void>()
let paused = false

/** Whether live updates stand still (WCAG 2.2.2), and a switch for it. One for the whole console. */
export function usePaused(): [boolean, () => void] {
  const value = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => paused,
  )
  const toggle = useCallback(() => {
    paused = !paused
    watchers.forEach((watcher) => watcher())
  }, [])
  return [value, toggle]
}

export interface Live<T> {
  readonly data: T | null
  readonly error: Error | null
  readonly reload: () => void
}

/**
 * GET `path` of the review API now, every ten seconds (or `every` milliseconds) while the page is visible and updates run, and after `reload()`.
 * Without a path nothing is asked. What was there stays until the new answer has come. The polls do not count as the reviewer's activity.
 */
export function useLive<T>(path: string | null, every = EVERY_MS): Live<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: Error | null }>({ path, data: null, error: null })
  const [round, setRound] = useState(0)
  const [still] = usePaused()
  const polled = useRef(false)
  useEffect(() => {
    if (path === null) return
    const leave = new AbortController()
    ask<T>(path, { signal: leave.signal, bff: { background: polled.current } }).then(
      (data) => setState({ path, data, error: null }),
      (error: unknown) => {
        if (leave.signal.aborted) return
        const reason = error instanceof Error ? error : new Error('failed')
        setState((was) => ({ path, data: was.path === path ? was.data : null, error: reason }))
      },
    )
    polled.current = false
    return () => leave.abort()
  }, [path, round])
  useEffect(() => {
    if (still) return
    const timer = setInterval(() => {
      if (document.visibilityState !== 'visible' || client.getSnapshot().status !== 'authenticated') return
      polled.current = true
      setRound((was) => was + 1)
    }, every)
    return () => clearInterval(timer)
  }, [still, every])
  const reload = useCallback(() => setRound((was) => was + 1), [])
  return { data: state.path === path ? state.data : null, error: state.error, reload }
}
