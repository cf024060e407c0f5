import { BffError } from './problem.js'
import { ignore } from './wait.js'

/** So many waiting requests leave at a time, so that the browser's sockets are not swamped. */
const WIDTH = 4
/** Longest wait for a sign-in. */
const HOLD_MS = 300_000

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

/** A waiting request: told to go, or why not. */
type Turn = (refusal?: unknown) => void

export function createGate(max = 100, timeoutMs = 30_000): Gate {
  let pauses = 0
  const holds = new Set<object>()
  let queue: Turn[] = []
  let running = 0
  let refusal: BffError | null = null

  const isOpen = () => !refusal && !pauses && !holds.size
  const drain = () => {
    while (isOpen() && running < WIDTH && queue.length) {
      running++
      queue.shift()!()
    }
  }
  const leave = () => {
    running--
    drain()
  }
  const wait = (signal?: AbortSignal | null) =>
    new Promise<Leave>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout>
      const turn: Turn = (why) => {
        clearTimeout(timer)
        queue = queue.filter((other) => other !== turn)
        why ? reject(why) : resolve(leave)
      }
      // A pause may turn into a sign-in while a request waits: then it gets the longer time.
      const expire = (ms: number) => {
        timer = setTimeout(() => (holds.size && ms < HOLD_MS ? expire(HOLD_MS) : turn(new BffError('queue_timeout'))), ms)
      }
      expire(holds.size ? HOLD_MS : timeoutMs)
      signal?.addEventListener('abort', () => turn(signal.reason))
      queue.push(turn)
    })

  return {
    isOpen,
    isHeld: () => !!holds.size,
    async pass(signal) {
      signal?.throwIfAborted()
      if (refusal) throw refusal
      if (isOpen() && !queue.length) return ignore
      if (queue.length >= max) throw new BffError('queue_full')
      return wait(signal)
    },
    pause(ms) {
      pauses++
      setTimeout(() => {
        pauses--
        drain()
      }, ms)
    },
    hold(ms = HOLD_MS) {
      const open = () => {
        holds.delete(open)
        drain()
      }
      setTimeout(open, ms)
      holds.add(open)
      return open
    },
    releaseAll() {
      holds.clear()
      drain()
    },
    shut(reason) {
      refusal = reason
      if (reason) queue.map((turn) => turn(reason))
      drain()
    },
  }
}
