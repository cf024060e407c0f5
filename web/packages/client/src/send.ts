import type { Gate } from './gate.js'
import type { Plan } from './plan.js'
import { BffError, problemHead, readProblem } from './problem.js'
import { doubtsSession, isOutage, reactTo, type Counts } from './reaction.js'
import { mayReplay } from './replay.js'
import { sleep } from './sleep.js'
import type { Keeper } from './keeper.js'
import type { BffFetch, SessionSnapshot } from './types.js'
import { endReason } from './wire.js'

/** A body that cannot be sent again needs a session that lives at least so long. */
const STREAM_MS = 30_000
const RETRY_MS = 1_000

export interface SendPorts<U> {
  readonly gate: Gate
  readonly keeper: Keeper<U>
  readonly get: () => SessionSnapshot<U>
  readonly fetch: BffFetch
  readonly now: () => number
  readonly track: <T>(work: Promise<T>) => Promise<T>
  readonly attempts: number
  readonly maxDelayMs: number
  readonly isVisible: () => boolean
  readonly isOnline: () => boolean
  readonly log: (event: string, data?: object) => void
}

interface Outcome {
  /** Hands the caller what came of it. */
  give(): Response
  readonly response: Response | null
  /** Whom the page showed when it was sent. */
  readonly sub: string | undefined
  /** Null: the API's own answer. */
  readonly code: string | null
  readonly forwarded: boolean | undefined
  readonly retryAfterMs: number | undefined
}

/** The only way out: sends a plan, and again if that is safe and helps. `direct`: past the gate, for the client's own calls. */
export type Send = (plan: Plan, direct?: boolean) => Promise<Response>

export function createSend<U extends { readonly sub: string }>(x: SendPorts<U>): Send {
  const { gate, keeper } = x
  const shown = () => x.get().user?.sub

  function enter(signal: Plan['signal']) {
    const passing = gate.pass(signal)
    return gate.isOpen() || gate.isHeld() ? passing : x.track(passing)
  }

  async function attempt(plan: Plan, direct: boolean): Promise<Outcome> {
    const leave = direct ? null : await enter(plan.signal)
    const startedAt = x.now()
    const pin = keeper.pin()
    const sub = shown()
    const headers: Record<string, string> = { 'BFF-Session': pin }
    if (plan.background || !x.isVisible()) headers['BFF-Background'] = '1'
    try {
      const response = await plan.send(x.fetch, headers)
      const head = problemHead(response)
      if (!head.code) keeper.heard(response.headers, startedAt, pin)
      return { ...head, response, sub, give: () => response }
    } catch (error) {
      const give = () => {
        throw error
      }
      // Only a TypeError is the network; an abort and a time-out are the caller's own.
      if (!(error instanceof TypeError) || plan.signal?.aborted) return give()
      keeper.degrade(new BffError('unreachable', { cause: error }))
      return { response: null, sub, code: 'unreachable', forwarded: undefined, retryAfterMs: undefined, give }
    } finally {
      leave?.()
    }
  }

  /** Signed in again under the same name, now or (while a sign-in is on screen) later? */
  async function sameAgain(code: string, sub: string | undefined, { signal }: Plan, direct: boolean): Promise<boolean> {
    try {
      await keeper.check()
      if (x.get().status === 'ended' && !direct) {
        // The page needs a moment to put its sign-in on the screen.
        await sleep(0)
        if (gate.isHeld()) (await gate.pass(signal))()
      }
    } catch (error) {
      if (signal?.aborted) throw error
      return false
    }
    return shown() === sub && (x.get().status === 'authenticated' || code === 'csrf_failed')
  }

  async function note(code: string, response: Response | null): Promise<void> {
    const problem = response && (await readProblem(response))
    if (!problem) return
    if (isOutage(code)) keeper.degrade(problem)
    if (doubtsSession(code)) keeper.suspect(endReason(problem.info.reason) ?? endReason(code))
    x.log(code, { requestId: problem.info.requestId })
  }

  async function again(plan: Plan, code: string, outcome: Outcome, done: Counts, direct: boolean) {
    const { forwarded, response, sub } = outcome
    const waitMs = outcome.retryAfterMs ?? RETRY_MS
    await note(code, response)
    const awake = x.isVisible() && x.isOnline()
    const reaction = reactTo(code, { ...plan, forwarded }, { ...x, done, waitMs, awake })
    done[reaction]++
    if (reaction === 'check') return (await sameAgain(code, sub, plan, direct)) && mayReplay({ ...plan, forwarded })
    const pauseMs = Math.min(waitMs, x.maxDelayMs)
    if (reaction === 'pause' && !direct) gate.pause(pauseMs)
    else if (reaction !== 'return') await sleep(pauseMs, plan.signal)
    return reaction !== 'return'
  }

  return async (plan, direct = false) => {
    const done: Counts = { check: 0, pause: 0, retry: 0, return: 0 }
    const left = (x.get().session?.deadline.at ?? Infinity) - x.now()
    if (plan.streams && (!gate.isOpen() || left < STREAM_MS)) await keeper.check().catch(() => {})
    for (;;) {
      const outcome = await attempt(plan, direct)
      if (!outcome.code || !(await again(plan, outcome.code, outcome, done, direct))) return outcome.give()
    }
  }
}
