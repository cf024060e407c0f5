import { advance } from './advance.js'
import { announce } from './announce.js'
import { probeDelay, warningMs } from './deadline.js'
import { isOnline, isVisible } from './page.js'
import { BffError, readProblem } from './problem.js'
import { busily, emit, liveOf, update, type State } from './state.js'
import type { Session } from './types.js'
import { lift } from './veil.js'
import { ignore } from './wait.js'
import { moved, readAnswer, readExpires, type Answer } from './wire.js'

/** A check that takes longer has failed. */
const PATIENCE_MS = 10_000

export const warnMs = (s: State): number => warningMs(s.options.warnBeforeMs, s.idleWindow)

const isNear = (s: State, session: Session) => session.deadline.at - s.now() <= warnMs(s)

/** Believe the server: the only place where the session changes. */
export function apply(s: State, answer: Answer, startedAt: number): void {
  // What was asked earlier is older news, whenever it arrives.
  if (startedAt < s.heardAt) return
  s.heardAt = startedAt
  const was = s.snapshot
  const { session, loginError } = answer
  if (session) s.idleWindow = Math.max(session.ref === s.pin ? s.idleWindow : 0, session.idleAt - startedAt)
  const { kind, at } = was.session?.deadline ?? { at: Infinity }
  const guess = s.guess ?? (at <= s.now() ? (`${kind!}_timeout` as const) : null)
  const is = advance(was, answer, guess, !!session && isNear(s, session))
  s.guess = null
  s.loginError = loginError ?? s.loginError ?? null
  s.pin = is.session?.ref ?? (is.user ? s.pin : 'anon')
  update(s, is)
  announce(s, was)
  lift(s, startedAt)
}

/** The limits have moved, as an answer of the API or another tab said; null: not that one. */
export function move(s: State, idleAt: number | null, absoluteAt: number | null, startedAt: number): void {
  const live = liveOf(s)
  if (live) apply(s, { session: moved(live, idleAt ?? live.idleAt, absoluteAt ?? live.absoluteAt) }, startedAt)
}

/** An answer of the API, to a request sent at `startedAt` under `pin`. */
export function hear(s: State, { headers }: Response, startedAt: number, pin: string): void {
  recover(s)
  const left = pin === s.pin && readExpires(headers.get('BFF-Session-Expires'))
  if (left) move(s, startedAt + left[0], startedAt + left[1], startedAt)
}

/** Something does not answer. Asks again, ever more seldom; when nobody looks or the network is gone, not at all. */
export function degrade(s: State, error: BffError): void {
  if (s.snapshot.degraded?.code !== error.code) {
    update(s, { degraded: error })
    emit(s, 'degraded', error)
  }
  s.probe ??= setTimeout(probe, probeDelay(error.code, s.probes++, error.info.retryAfterMs, Math.random()), s)
}

/** A probe that is due. One that finds nobody looking is made up for by `wake`. */
export function probe(s: State): void {
  s.probe = undefined
  if (isVisible() && isOnline()) check(s).catch(ignore)
}

export function calm(s: State): void {
  clearTimeout(s.probe)
  s.probe = undefined
  s.probes = 0
}

function recover(s: State): void {
  if (!s.snapshot.degraded) return
  calm(s)
  update(s, { degraded: null })
  emit(s, 'recovered')
}

async function question(s: State, startedAt: number): Promise<Answer> {
  const response = await s.fetch(`${s.base}/session`, {
    headers: { Accept: 'application/json', 'BFF-Session': 'any' },
    cache: 'no-store',
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  const answer = readAnswer(await response.clone().json().catch(ignore), startedAt)
  if (!answer) throw (await readProblem(response)) ?? new BffError('unreachable')
  return answer
}

async function ask(s: State): Promise<Session | null> {
  const startedAt = s.now()
  try {
    const answer = await question(s, startedAt)
    apply(s, answer, startedAt)
    const { degraded } = s.snapshot
    if (degraded && answer.stuck && degraded.code === 'idp_unavailable') degrade(s, degraded)
    else recover(s)
    return s.snapshot.session
  } catch (cause) {
    const error = cause instanceof BffError ? cause : new BffError('unreachable', { cause })
    // Nobody can say whether it was extended elsewhere: then the warning is due.
    const { snapshot } = s
    if (snapshot.status === 'authenticated' && isNear(s, snapshot.session)) {
      update(s, { expiring: true })
      announce(s, snapshot)
    }
    degrade(s, error)
    throw error
  }
}

/** Ask the server who is signed in; one question at a time. `fresh`: one that is asked from now on. */
export function check(s: State, fresh?: boolean): Promise<Session | null> {
  if (s.asking && fresh) return s.asking.catch(ignore).then(() => check(s))
  return (s.asking ??= busily(s, ask(s)).finally(() => (s.asking = undefined)))
}
