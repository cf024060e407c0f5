import { check, degrade, hear } from './check.js'
import { isAwake, isVisible } from './page.js'
import { BffError, readProblem } from './problem.js'
import { isOutage, reactTo, type Counts } from './reaction.js'
import { mayReplay, type Attempt } from './replay.js'
import { busily, type State } from './state.js'
import type { BffRequestOptions } from './types.js'
import { ignore, sleep } from './wait.js'

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

/** The way out for requests to the API: sends one, and again if that is safe and helps. */
export async function send(s: State, input: RequestInfo | URL, init: RequestInit, { replay = 'auto', background }: BffRequestOptions = {}): Promise<Response> {
  const request = input instanceof Request ? input : null
  const signal = init.signal ?? request?.signal
  const headers = new Headers(init.headers ?? request?.headers)
  const attempt: Attempt = {
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    resendable: !(init.body instanceof ReadableStream),
    replay,
    keyed: headers.has('Idempotency-Key'),
  }
  const done: Counts = { check: 0, pause: 0, retry: 0, return: 0 }
  let startedAt: number
  let sub: string | undefined

  /** Signed in again under the same name, now or (while a sign-in is on screen) later? */
  const sameAgain = async (code: string) => {
    try {
      await check(s, startedAt)
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

  /** After a problem: is the request to be sent again? Comes back when it is time. */
  const again = async ({ code, info: { forwarded, retryAfterMs = 1_000 } }: BffError) => {
    const { attempts = 1, maxDelayMs = 5_000 } = s.options.retry ?? {}
    attempt.forwarded = forwarded
    const reaction = reactTo(code, attempt, done, isAwake() && retryAfterMs <= maxDelayMs ? attempts : 0)
    done[reaction]++
    if (reaction === 'check') return (await sameAgain(code)) && mayReplay(attempt)
    if (reaction === 'pause') s.gate.pause(Math.min(retryAfterMs, maxDelayMs))
    if (reaction === 'retry') await sleep(retryAfterMs, signal)
    return reaction !== 'return'
  }

  const left = (s.snapshot.session?.deadline.at ?? Infinity) - s.now()
  if (!attempt.resendable && (!s.gate.isOpen() || left < STREAM_MS)) await check(s).catch(ignore)
  for (;;) {
    // A pause that lasts shows.
    const passing = s.gate.pass(signal)
    const leave = await (s.gate.isHeld() ? passing : busily(s, passing))
    startedAt = s.now()
    const { pin } = s
    sub = s.snapshot.user?.sub
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
      if (await again(problem)) continue
    } else {
      hear(s, response!, startedAt, pin)
      if (isOdd(response!, headers)) s.options.logger?.('bad_response', { status: response!.status })
    }
    if (response) return response
    throw problem!.info.cause
  }
}
