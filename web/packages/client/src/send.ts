import { check, degrade, hear } from './check.js'
import { isAwake, isVisible } from './page.js'
import { BffError, readProblem } from './problem.js'
import { isOutage, reactTo, type Counts } from './reaction.js'
import { mayReplay, type Attempt } from './replay.js'
import { busily, type State } from './state.js'
import type { BffRequestInit } from './types.js'
import { ignore, sleep } from './wait.js'

type Signal = AbortSignal | null | undefined

/** A body that cannot be sent again needs a session that lives at least so long. */
const STREAM_MS = 30_000

/** Is this one of ours: same origin, under one of `paths`? Anything else is none of the client's business. */
export function isOurs(input: RequestInfo | URL, paths: readonly string[]): boolean {
  const { origin, pathname } = new URL(input instanceof Request ? input.url : input, location.href)
  return origin === location.origin && paths.some((path) => `${pathname}/`.startsWith(`${path}/`))
}

/** A page where data was asked for, or a redirect nobody may follow: some proxy's, or a route that is not there. */
const isOdd = ({ type, headers }: Response, asked: Headers) =>
  type === 'opaqueredirect' || (/json/.test(asked.get('Accept')!) && /html/.test(headers.get('Content-Type')!))

/** Through the gate; a pause that lasts shows. */
function enter(s: State, signal: Signal): Promise<() => void> {
  const passing = s.gate.pass(signal)
  return s.gate.isHeld() ? passing : busily(s, passing)
}

/** Signed in again under the same name, now or (while a sign-in is on screen) later? */
async function sameAgain(s: State, code: string, sub: string | undefined, since: number, signal: Signal): Promise<boolean> {
  try {
    await check(s, since)
    if (s.snapshot.status === 'ended') {
      // The page needs a moment to put its sign-in on the screen.
      await sleep(0)
      if (s.gate.isHeld()) (await s.gate.pass(signal))()
    }
  } catch {
    signal?.throwIfAborted()
    return false
  }
  const { status, user } = s.snapshot
  return user?.sub === sub && (status === 'authenticated' || (status === 'anonymous' && code === 'csrf_failed'))
}

/** After `problem`: is the request to be sent again? Comes back when it is time. */
async function again(
  s: State,
  { code, info }: BffError,
  attempt: Attempt,
  done: Counts,
  sub: string | undefined,
  startedAt: number,
  signal: Signal,
): Promise<boolean> {
  const { attempts = 1, maxDelayMs = 5_000 } = s.options.retry ?? {}
  const { forwarded, retryAfterMs = 1_000 } = info
  const now = { ...attempt, forwarded }
  const reaction = reactTo(code, now, done, isAwake() && retryAfterMs <= maxDelayMs ? attempts : 0)
  done[reaction]++
  if (reaction === 'check') return (await sameAgain(s, code, sub, startedAt, signal)) && mayReplay(now)
  if (reaction === 'pause') s.gate.pause(Math.min(retryAfterMs, maxDelayMs))
  if (reaction === 'retry') await sleep(retryAfterMs, signal)
  return reaction !== 'return'
}

/** The way out for requests to the API: sends one, and again if that is safe and helps. */
export async function send(s: State, input: RequestInfo | URL, init: RequestInit, { replay = 'auto', background }: NonNullable<BffRequestInit['bff']> = {}): Promise<Response> {
  const request = input instanceof Request ? input : null
  const signal = init.signal ?? request?.signal
  const headers = new Headers(init.headers ?? request?.headers)
  const attempt: Attempt = {
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    forwarded: undefined,
    resendable: !(init.body instanceof ReadableStream),
    replay,
    keyed: headers.has('Idempotency-Key'),
  }
  const done: Counts = { check: 0, pause: 0, retry: 0, return: 0 }
  const left = (s.snapshot.session?.deadline.at ?? Infinity) - s.now()
  if (!attempt.resendable && (!s.gate.isOpen() || left < STREAM_MS)) await check(s).catch(ignore)
  for (;;) {
    const leave = await enter(s, signal)
    const startedAt = s.now()
    const { pin } = s
    const sub = s.snapshot.user?.sub
    headers.set('BFF-Session', pin)
    if (background || !isVisible()) headers.set('BFF-Background', '1')
    let response: Response | undefined
    let problem: BffError | null
    try {
      // A Request is used up by sending it; a copy buffers its body, so none is made that cannot be needed.
      response = await s.fetch(request && replay !== 'never' ? request.clone() : input, { ...init, headers })
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
      if (await again(s, problem, attempt, done, sub, startedAt, signal)) continue
    } else {
      hear(s, response!, startedAt, pin)
      if (isOdd(response!, headers)) s.options.logger?.('bad_response', { status: response!.status })
    }
    if (response) return response
    throw problem!.info.cause
  }
}
