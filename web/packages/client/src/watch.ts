import { lookAt, SLICE_MS, timeJumped, warningMs, type Clocks } from './deadline.js'
import type { Keeper } from './keeper.js'
import type { SessionSnapshot } from './types.js'

export interface WatchPorts<U> {
  readonly get: () => SessionSnapshot<U>
  readonly keeper: Keeper<U>
  readonly now: () => number
  readonly isVisible: () => boolean
  readonly pollMs: number
  readonly warnBeforeMs: number
}

export interface Watch {
  /** Look at the clock, ask if it is time, and look again later. */
  look(): void
  /** What we know may be out of date: ask when somebody looks. */
  doubt(): void
  stop(): void
}

export function createWatch<U>({ get, keeper, now, isVisible, pollMs, warnBeforeMs }: WatchPorts<U>): Watch {
  const clocks = (): Clocks => ({ now: now(), perf: performance.now() })
  let was = clocks()
  let dueAt = was.now
  let stale = false
  let timer: ReturnType<typeof setTimeout>

  const look = () => {
    clearTimeout(timer)
    const is = clocks()
    stale ||= timeJumped(was, is, dueAt)
    was = is
    const { session, degraded, ...snapshot } = get()
    const { ask, nextMs } = lookAt({
      now: is.now,
      deadlineAt: session?.deadline.at ?? Infinity,
      warnMs: warningMs(warnBeforeMs, keeper.idleWindow()),
      expiring: snapshot.status !== 'authenticated' || snapshot.expiring,
      degraded: !!degraded,
      visible: isVisible(),
      stale,
      heardAt: keeper.heardAt(),
      pollMs: session ? pollMs : Infinity,
    })
    dueAt = is.now + nextMs
    timer = setTimeout(look, nextMs)
    if (!ask) return
    stale = false
    keeper.check().catch(() => {})
  }
  return { look, doubt: () => void (stale = true), stop: () => clearTimeout(timer) }
}
