import { useEffect, useState } from 'react'
import type { Deadline } from '../types.js'
import { useSession } from './provider.js'

export interface Countdown {
  readonly deadline: Deadline | null
  /** Whole seconds, not below 0; null when nobody is signed in. */
  readonly secondsLeft: number | null
}

/** `m:ss` */
export const clockOf = (seconds: number): string => `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`

/** Whole seconds until `at`, not below 0. Renders anew when the second changes. */
export function useSecondsTo(at: number | null | undefined, tickMs = 1000): number | null {
  const [, tick] = useState<object>()
  useEffect(() => {
    if (!at) return
    // Together with the second it shows, not with the moment it was mounted.
    let timer: ReturnType<typeof setTimeout>
    const next = () => {
      const left = at - Date.now()
      timer = setTimeout(() => (tick({}), next()), left > 0 ? left % tickMs || tickMs : 30_000)
    }
    next()
    return () => clearTimeout(timer)
  }, [at, tickMs])
  return at ? Math.max(0, Math.ceil((at - Date.now()) / 1000)) : null
}

/** Ticks in the component that uses it, and nowhere else. */
export function useCountdown({ tickMs }: { tickMs?: number } = {}): Countdown {
  const deadline = useSession().session?.deadline ?? null
  return { deadline, secondsLeft: useSecondsTo(deadline?.at, tickMs) }
}
