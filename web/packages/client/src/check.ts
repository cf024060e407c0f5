import { advance } from './advance.js'
import { announce } from './announce.js'
import { probeDelay, warningMs } from './deadline.js'
import { isAwake } from './page.js'
import { BffError, bodyOf } from './problem.js'
import { busily, emit, liveOf, update, type State } from './state.js'
import { post } from './tabs.js'
import type { Session } from './types.js'
import { lift } from './veil.js'
import { ignore } from './wait.js'
import { readAnswer, readExpires, type Answer } from './wire.js'

/** A check that takes longer has failed. */
const PATIENCE_MS = 10_000

export const warnMs = (s: State): number => warningMs(s.options.warnBeforeMs, s.idleWindow)

/** Believe the server: the only place where the session changes. */
export function apply(s: State, answer: Answer, startedAt: number): void {
  // What was asked earlier is older news, whenever it arrives.
  if (startedAt < s.heardAt) return
  s.heardAt = startedAt
  const { snapshot: was, pin } = s
  const { session } = answer
  const { deadline } = was.session ?? {}
  const passed = deadline && deadline.at <= s.now()
  if (session) s.idleWindow = Math.max(session.ref === pin ? s.idleWindow : 0, session.idleAt - startedAt)
  const expiring = !!session && session.deadline.at - s.now() <= warnMs(s)
  const loginError = (s.loginError = answer.loginError ?? s.loginError)
  const is = advance(was, { ...answer, loginError }, s.guess ?? (passed ? `${deadline.kind}_timeout` : 'unknown'), expiring)
  s.guess = undefined
  s.pin = is.session?.ref ?? (is.user ? pin : 'anon')
  update(s, is)
  announce(s, was)
  lift(s, startedAt)
}

/** An answer of the API, to a request sent at `startedAt` under `pin`. */
export function hear(s: State, { headers }: Response, startedAt: number, pin: string): void {
  recover(s)
  const session = pin === s.pin && readExpires(liveOf(s), headers.get('BFF-Session-Expires'), startedAt)
  if (session) apply(s, { session }, startedAt)
}

/** Something does not answer. Asks again, ever more seldom. */
export function degrade(s: State, error: BffError): void {
  if (s.snapshot.degraded?.code !== error.code) {
    update(s, { degraded: error })
    emit(s, 'degraded', error)
  }
  if (!s.probe) probeIn(s, probeDelay(error.code, s.probes++, error.info.retryAfterMs, Math.random()))
}

export function probeIn(s: State, ms: number): void {
  clearTimeout(s.probe)
  s.probe = setTimeout(probe, ms, s)
}

/** Asks, unless nobody looks or the network is gone: coming back makes up for it. */
export function probe(s: State): void {
  s.probe = undefined
  if (isAwake()) check(s).catch(ignore)
}

function recover(s: State): void {
  if (!s.snapshot.degraded) return
  clearTimeout(s.probe)
  s.probe = undefined
  s.probes = 0
  update(s, { degraded: null })
  emit(s, 'recovered')
}

/** `/session` and `/session/extend` answer alike. */
async function ask(s: State, path: string, init: RequestInit, pin: string): Promise<Session | null> {
  const startedAt = s.now()
  try {
    const headers = { 'BFF-Session': pin }
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = s.fetch(s.base + path, { ...init, headers, signal, cache: 'no-store' })
    const answer = readAnswer(await bodyOf(response), startedAt)
    apply(s, answer, startedAt)
    const { degraded, session } = s.snapshot
    if (degraded?.code === 'idp_unavailable' && answer.stuck) degrade(s, degraded)
    else recover(s)
    return session
  } catch (error) {
    // Nobody can say whether it was extended elsewhere: then a warning that is due is due.
    const session = liveOf(s)
    if (session) apply(s, { session }, s.heardAt)
    throw error
  }
}

async function question(s: State): Promise<Session | null> {
  try {
    return await ask(s, '/session', {}, 'any')
  } catch (error) {
    degrade(s, error as BffError)
    throw error
  }
}

/** Ask the server who is signed in; one question at a time. `fresh`: one that is asked from now on. */
export function check(s: State, fresh?: boolean): Promise<Session | null> {
  if (s.asking && fresh) return s.asking.catch(ignore).then(() => check(s))
  return (s.asking ??= busily(s, question(s)).finally(() => (s.asking = undefined)))
}

async function touch(s: State): Promise<Session> {
  try {
    const session = await ask(s, '/session/extend', { method: 'POST' }, s.pin)
    if (!session) throw new BffError('session_required')
    post(s, 'extended', (liveOf(s)!.idleAt - s.now()) / 1000)
    emit(s, 'extended', session)
    return session
  } catch (error) {
    // Refused: somebody else, or nobody, is signed in; or nothing answers. One question tells.
    await check(s).catch(ignore)
    throw error
  }
}

/** Stay signed in: moves the idle limit at the server. */
export const extend = (s: State): Promise<Session> => (s.extending ??= touch(s).finally(() => (s.extending = undefined)))
