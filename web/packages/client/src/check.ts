import { advance } from './advance.js'
import { announce } from './announce.js'
import { probeDelay, warningMs } from './pace.js'
import { isAwake } from './page.js'
import { BffError, readProblem } from './problem.js'
import { busily, emit, liveOf, update, type State } from './state.js'
import type { Session } from './types.js'
import { lift } from './veil.js'
import { ignore } from './wait.js'
import { readAnswer, readExpires, type Answer } from './wire.js'

/** An answer that takes longer is none. */
const PATIENCE_MS = 10_000

export const warnMs = (s: State): number => warningMs(s.options.warnBeforeMs, s.idleWindow)

/** Believe the server: the only place where the session changes. */
export function apply(s: State, answer: Answer, startedAt: number): void {
  // What was asked earlier is older news, whenever it arrives.
  if (startedAt < s.heardAt) return
  s.heardAt = startedAt
  const was = s.snapshot
  const { session } = answer
  if (session) s.idleWindow = Math.max(session.ref === s.pin ? s.idleWindow : 0, session.idleAt - startedAt)
  s.lifetimeMs = answer.lifetimeMs || s.lifetimeMs
  s.loginError = answer.loginError ?? s.loginError
  const is = advance(s, answer)
  s.guess = undefined
  if (is.session) s.pin = is.session.ref
  else if (!is.user) s.pin = 'anon'
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
  update(s, { retryAt: s.now() + ms })
}

/** Asks, unless nobody looks or the network is gone: coming back makes up for it. */
export function probe(s: State): void {
  s.probe = undefined
  if (isAwake()) check(s).catch(ignore)
}

function recover(s: State): void {
  const { degraded } = s.snapshot
  s.probe = clearTimeout(s.probe) as undefined
  s.probes = 0
  update(s, { degraded: null, retryAt: null })
  if (degraded) emit(s, 'recovered')
}

/** The JSON with which the server itself answers; whatever else happens is a BffError. */
export async function call(s: State, path: string, method: string, pin: string): Promise<any> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await s.fetch(s.base + path, { method, headers: { 'BFF-Session': pin }, signal, cache: 'no-store' })
    const problem = await readProblem(response)
    if (problem) throw problem
    return await response.json()
  } catch (cause) {
    throw cause instanceof BffError ? cause : new BffError('unreachable', { cause })
  }
}

/** `/session` and `/session/extend` answer alike. */
export async function ask(s: State, path: string, method: string, pin: string): Promise<Session | null> {
  const startedAt = s.now()
  try {
    const answer = readAnswer(await call(s, path, method, pin), startedAt)
    apply(s, answer, startedAt)
    const { degraded, session } = s.snapshot
    // Alive, and still not to be renewed.
    if (degraded?.code !== 'idp_unavailable' || !answer.stuck) recover(s)
    else degrade(s, degraded)
    return session
  } catch (error) {
    // Nobody can say whether it was extended elsewhere: then a warning that is due is due.
    const session = liveOf(s)
    if (session) apply(s, { session }, s.heardAt)
    throw error
  }
}

/** Ask the server who is signed in; one question at a time. An answer to a question asked before `since` does not count. */
export function check(s: State, since = 0): Promise<Session | null> {
  if (s.asking) return s.askedAt < since ? s.asking.catch(ignore).then(() => check(s)) : s.asking
  s.askedAt = s.now()
  s.stale = false
  const asking = ask(s, '/session', 'GET', 'any').catch((error) => {
    degrade(s, error)
    throw error
  })
  return (s.asking = busily(s, asking).finally(() => (s.asking = undefined)))
}
