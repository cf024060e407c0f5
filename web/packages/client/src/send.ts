import { check, degrade, hear } from './check.js'
import { isOnline, isVisible } from './page.js'
import { planOf, type Plan } from './plan.js'
import { BffError, readProblem } from './problem.js'
import { isOutage, reactTo, type Counts } from './reaction.js'
import { mayReplay } from './replay.js'
import { busily, type State } from './state.js'
import type { BffRequestInit } from './types.js'
import { ignore, sleep } from './wait.js'
import { endReason } from './wire.js'

/** A body that cannot be sent again needs a session that lives at least so long. */
const STREAM_MS = 30_000
const RETRY_MS = 1_000

function enter(s: State, signal: Plan['signal']) {
  const passing = s.gate.pass(signal)
  return s.gate.isOpen() || s.gate.isHeld() ? passing : busily(s, passing)
}

/** Signed in again under the same name, now or (while a sign-in is on screen) later? */
async function sameAgain(s: State, code: string, sub: string | undefined, signal: Plan['signal']): Promise<boolean> {
  await check(s)
  if (s.snapshot.status === 'ended') {
    // The page needs a moment to put its sign-in on the screen.
    await sleep(0)
    if (s.gate.isHeld()) (await s.gate.pass(signal))()
  }
  const { status, user } = s.snapshot
  return user?.sub === sub && (status === 'authenticated' || code === 'csrf_failed')
}

/** After `problem`: is the request to be sent again? Comes back when it is time. */
async function again(s: State, plan: Plan, { code, info }: BffError, sub: string | undefined, done: Counts, direct?: boolean) {
  const attempt = { ...plan, forwarded: info.forwarded }
  const { attempts = 1, maxDelayMs = 5_000 } = s.options.retry ?? {}
  const waitMs = info.retryAfterMs ?? RETRY_MS
  const pauseMs = Math.min(waitMs, maxDelayMs)
  const reaction = reactTo(code, attempt, { done, attempts, waitMs, maxDelayMs, awake: isVisible() && isOnline() })
  done[reaction]++
  if (reaction === 'check') {
    s.guess = endReason(info.reason ?? code)
    return (await sameAgain(s, code, sub, plan.signal)) && mayReplay(attempt)
  }
  if (reaction === 'return') return false
  if (reaction === 'retry' || direct) await sleep(pauseMs, plan.signal)
  else s.gate.pause(pauseMs)
  return true
}

/** The only way out: sends a request, and again if that is safe and helps. `direct`: past the gate, for the client's own calls. */
export async function send(s: State, target: RequestInfo | URL, init: BffRequestInit, direct?: boolean): Promise<Response> {
  const plan = planOf(target, init)
  const { headers, signal } = plan
  const done: Counts = { check: 0, pause: 0, retry: 0, return: 0 }
  const left = (s.snapshot.session?.deadline.at ?? Infinity) - s.now()
  if (!plan.resendable && (!s.gate.isOpen() || left < STREAM_MS)) await check(s).catch(ignore)
  for (;;) {
    const leave = direct ? ignore : await enter(s, signal)
    const startedAt = s.now()
    const { pin } = s
    const sub = s.snapshot.user?.sub
    headers.set('BFF-Session', pin)
    if (!isVisible()) headers.set('BFF-Background', '1')
    let response: Response | undefined
    let problem: BffError | null
    try {
      response = await s.fetch(plan.input(), { ...plan.init, headers })
      problem = await readProblem(response)
    } catch (cause) {
      // Only a TypeError is the network; an abort and a time-out are the caller's own.
      if (!(cause instanceof TypeError) || signal?.aborted) throw cause
      problem = new BffError('unreachable', { cause })
    } finally {
      leave()
    }
    if (problem) {
      s.options.logger?.(problem.code, problem.info)
      if (isOutage(problem.code)) degrade(s, problem)
      if (await again(s, plan, problem, sub, done, direct)) continue
    } else hear(s, response!, startedAt, pin)
    if (response) return response
    throw problem!.info.cause
  }
}
