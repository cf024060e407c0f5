import { probeDelay } from './deadline.js'
import type { BffError } from './problem.js'

/** Asks again while something does not answer, ever more seldom, and only while somebody is looking. */
export interface Recovery {
  failed(error: BffError): void
  /** The network is said to be back: it is often not ready yet. */
  online(): void
  /** Somebody is looking again. */
  wake(): void
  done(): void
}

export function createRecovery(probe: () => void, awake: () => boolean): Recovery {
  let attempt = 0
  let overdue = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const schedule = (ms: number) => (timer = setTimeout(fire, ms))
  const fire = () => {
    timer = undefined
    overdue = !awake()
    if (!overdue) probe()
  }
  const done = () => {
    clearTimeout(timer)
    timer = undefined
    overdue = false
    attempt = 0
  }
  return {
    failed({ code, info }) {
      if (!timer) schedule(probeDelay(code, attempt++, info.retryAfterMs, Math.random()))
    },
    online() {
      done()
      schedule(500 + Math.random() * 1000)
    },
    wake() {
      if (overdue) fire()
    },
    done,
  }
}
