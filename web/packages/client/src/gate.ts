import { BffError } from './problem.js'

/** So many waiting requests leave at a time, so that the browser's sockets are not swamped. */
const WIDTH = 4
/** Longest wait for a sign-in. */
export const HOLD_MS = 300_000

/** Called when the request that passed has its answer. */
export type Leave = () => void

export interface Gate {
  /** Resolves when the request may go; rejects with `queue_full`, `queue_timeout`, the reason it is shut, or the signal's reason. */
  pass(signal?: AbortSignal | null): Promise<Leave>
  isOpen(): boolean
  isHeld(): boolean
  /** Close for `ms`. */
  pause(ms: number): void
  /** Close until released, at most `ms`: a sign-in is on screen. */
  hold(ms?: number): () => void
  /** The sign-in happened: every hold is over. */
  releaseAll(): void
  /** Turn everybody away with `reason`; null lets them in again. */
  shut(reason: BffError | null): void
}

interface Waiting {
  go(): void
  fail(reason: unknown): void
}

export function createGate(max: number, timeoutMs: number): Gate {
  const queue: Waiting[] = []
  const pauses = new Set<object>()
  const holds = new Set<object>()
  let running = 0
  let closedFor: BffError | null = null

  const isOpen = () => !closedFor && !pauses.size && !holds.size
  const drain = () => {
    while (isOpen() && running < WIDTH && queue.length) {
      running++
      queue.shift()?.go()
    }
  }
  const close = (reasons: Set<object>, ms: number) => {
    const reason = {}
    reasons.add(reason)
    const open = () => {
      clearTimeout(timer)
      reasons.delete(reason)
      drain()
    }
    const timer = setTimeout(open, ms)
    return open
  }
  const leaveOnce = (): Leave => {
    let gone = false
    return () => {
      if (!gone) running--
      gone = true
      drain()
    }
  }
  const enqueue = (signal: AbortSignal | null | undefined) =>
    new Promise<Leave>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout>
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
      }
      const waiting: Waiting = {
        go: () => (settle(), resolve(leaveOnce())),
        fail: (reason) => (settle(), reject(reason)),
      }
      const drop = (reason: unknown) => {
        queue.splice(queue.indexOf(waiting), 1)
        waiting.fail(reason)
      }
      const aborted = () => drop(signal?.reason)
      // A pause may turn into a sign-in while a request waits: then it gets the longer time.
      const arm = (ms: number) => {
        timer = setTimeout(() => (holds.size && ms < HOLD_MS ? arm(HOLD_MS) : drop(new BffError('queue_timeout'))), ms)
      }
      queue.push(waiting)
      signal?.addEventListener('abort', aborted)
      arm(holds.size ? HOLD_MS : timeoutMs)
    })

  return {
    isOpen,
    isHeld: () => holds.size > 0,
    async pass(signal) {
      signal?.throwIfAborted()
      if (closedFor) throw closedFor
      if (isOpen() && !queue.length) return () => {}
      if (queue.length >= max) throw new BffError('queue_full')
      return enqueue(signal)
    },
    pause(ms) {
      close(pauses, ms)
    },
    hold: (ms = HOLD_MS) => close(holds, ms),
    releaseAll() {
      holds.clear()
      drain()
    },
    shut(reason) {
      closedFor = reason
      if (reason) for (const waiting of queue.splice(0)) waiting.fail(reason)
      drain()
    },
  }
}
