import { advance } from './advance.js'
import { warningMs } from './deadline.js'
import { BffError, readProblem } from './problem.js'
import type { Store } from './store.js'
import type { BffFetch, EndReason, Session, SessionSnapshot, SessionUser } from './types.js'
import { liveSession, readAnswer, readExpires, type Answer, type LiveSession } from './wire.js'

/** A check that takes longer has failed. */
const PATIENCE_MS = 10_000

export interface KeeperPorts<U> {
  readonly base: string
  readonly warnBeforeMs: number
  readonly store: Store<U>
  readonly fetch: BffFetch
  readonly now: () => number
  readonly track: <T>(work: Promise<T>) => Promise<T>
  /** The server has answered a question asked at `startedAt`. */
  answered(was: SessionSnapshot<U>, is: SessionSnapshot<U>, startedAt: number): void
  degraded(error: BffError): void
  recovered(): void
}

/** What is known of the session. Nothing else changes it. */
export interface Keeper<U> {
  /** The BFF-Session header: the identity the page shows. */
  pin(): string
  idleWindow(): number
  heardAt(): number
  loginError(): BffError | null
  /** Ask the server; one question at a time. `fresh`: one that is asked from now on. */
  check(fresh?: boolean): Promise<Session<U> | null>
  /** Why the session may have ended, should the server not say. */
  suspect(reason: EndReason | null): void
  apply(answer: Answer<U>, startedAt: number): void
  /** An answer of the API, to a request sent at `startedAt` under `pin`. */
  heard(headers: Headers, startedAt: number, pin: string): void
  /** Another tab was told of an idle limit at `idleAt`. */
  moveIdle(idleAt: number): void
  degrade(error: BffError): void
}

export function createKeeper<U extends SessionUser>(x: KeeperPorts<U>): Keeper<U> {
  const { store, now } = x
  let pin = 'any'
  let heardAt = -Infinity
  let idleWindow = 0
  let guess: EndReason | null = null
  let loginError: BffError | null = null
  let asking: Promise<Session<U> | null> | null = null

  const isNear = (session: Session<U>) => session.deadline.at - now() <= warningMs(x.warnBeforeMs, idleWindow)
  const passedLimit = ({ session }: SessionSnapshot<U>): EndReason | null =>
    session && session.deadline.at <= now() ? `${session.deadline.kind}_timeout` : null

  function apply(answer: Answer<U>, startedAt: number): void {
    // What was asked earlier is older news, whenever it arrives.
    if (startedAt < heardAt) return
    heardAt = startedAt
    const was = store.get()
    const { session } = answer
    if (session) idleWindow = Math.max(session.ref === pin ? idleWindow : 0, session.idleAt - startedAt)
    const is = advance(was, answer, guess ?? passedLimit(was), !!session && isNear(session))
    guess = null
    loginError = answer.loginError ?? loginError
    pin = is.session?.ref ?? (is.user ? pin : 'anon')
    store.set(is)
    x.answered(was, is, startedAt)
  }

  function move(idleAt: number, absoluteAt: number, startedAt: number): void {
    const { session } = store.get()
    if (!session) return
    const { ref, user, extendable } = session as LiveSession<U>
    const moved = liveSession(ref, user, idleAt, absoluteAt, extendable)
    apply({ session: moved, stuck: false, ended: null, loginError: null }, startedAt)
  }

  function degrade(error: BffError): void {
    if (store.get().degraded?.code !== error.code) {
      store.set({ degraded: error })
      store.emit('degraded', error)
    }
    x.degraded(error)
  }

  function recover(): void {
    if (!store.get().degraded) return
    store.set({ degraded: null })
    x.recovered()
    store.emit('recovered', undefined)
  }

  async function question(startedAt: number): Promise<Answer<U>> {
    const response = await x.fetch(`${x.base}/session`, {
      headers: { Accept: 'application/json', 'BFF-Session': 'any' },
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const problem = await readProblem(response)
    if (problem) throw problem
    const answer = readAnswer<U>(await response.json(), startedAt)
    if (!answer) throw new BffError('unreachable')
    return answer
  }

  async function ask(): Promise<Session<U> | null> {
    const startedAt = now()
    const answer = await question(startedAt).catch((cause: unknown) => {
      const error = cause instanceof BffError ? cause : new BffError('unreachable', { cause })
      // Nobody can say whether it was extended elsewhere: then the warning is due.
      const is = store.get()
      if (is.status === 'authenticated' && !is.expiring && isNear(is.session)) {
        store.set({ expiring: true })
        store.emit('expiring', is.session)
      }
      degrade(error)
      throw error
    })
    apply(answer, startedAt)
    const { degraded } = store.get()
    if (degraded && answer.stuck && degraded.code === 'idp_unavailable') x.degraded(degraded)
    else recover()
    return store.get().session
  }

  function check(fresh = false): Promise<Session<U> | null> {
    if (asking && fresh) return asking.catch(() => {}).then(() => check())
    return (asking ??= x.track(ask()).finally(() => (asking = null)))
  }

  return {
    pin: () => pin,
    idleWindow: () => idleWindow,
    heardAt: () => heardAt,
    loginError: () => loginError,
    check,
    suspect: (reason) => void (guess = reason),
    apply,
    heard(headers, startedAt, pinned) {
      recover()
      const left = pinned === pin && readExpires(headers.get('BFF-Session-Expires'))
      if (left) move(startedAt + left.idle, startedAt + left.absolute, startedAt)
    },
    moveIdle: (idleAt) => move(idleAt, store.get().session?.absoluteAt ?? 0, now()),
    degrade,
  }
}
