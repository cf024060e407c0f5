import { useEffect, useState } from 'react'
import type { Deadline } from '../types.js'
import { useSession } from './provider.js'

export interface Countdown {
  readonly deadline: Deadline | null
  /** Whole seconds, not below 0; null when nobody is signed in. */
  readonly secondsLeft: number | null
}

/** Ticks in the component that uses it, and nowhere else. */
export function useCountdown({ tickMs = 1000 }: { tickMs?: number } = {}): Countdown {
  const { session } = useSession()
  const deadline = session?.deadline ?? null
  const at = deadline?.at
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
  return { deadline, secondsLeft: at ? Math.max(0, Math.ceil((at - Date.now()) / 1000)) : null }
}
