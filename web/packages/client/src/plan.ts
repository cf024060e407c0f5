import type { Attempt } from './replay.js'
import type { BffFetch, BffRequestInit } from './types.js'

/** A request as it was asked for, and what is known of it before it is sent. */
export interface Plan extends Omit<Attempt, 'forwarded'> {
  readonly signal: AbortSignal | null | undefined
  readonly background: boolean
  /** Its body can be read once only. */
  readonly streams: boolean
  /** Sends it, once, with these headers beside its own. */
  send(fetch: BffFetch, headers: Record<string, string>): Promise<Response>
}

export function planOf(input: RequestInfo | URL, init: BffRequestInit = {}): Plan {
  const { bff, ...native } = init
  const request = input instanceof Request ? input : null
  const own = new Headers(init.headers ?? request?.headers)
  const replay = bff?.replay ?? 'auto'
  const streams = init.body instanceof ReadableStream
  return {
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    signal: init.signal ?? request?.signal,
    replay,
    background: bff?.background === true,
    resendable: !streams,
    streams,
    keyed: own.has('Idempotency-Key'),
    send(fetch, extra) {
      const headers = new Headers(own)
      for (const name in extra) headers.set(name, extra[name] ?? '')
      // A Request is used up by sending it; a copy costs a buffered body, so none is made if it cannot be needed.
      return fetch(request && replay !== 'never' ? request.clone() : input, { ...native, headers })
    },
  }
}

/** Is this one of ours: same origin, under one of `paths`? Anything else is none of the client's business. */
export function isOurs(input: RequestInfo | URL, paths: readonly string[]): boolean {
  const url = new URL(input instanceof Request ? input.url : input, location.href)
  const under = (path: string) => url.pathname === path || url.pathname.startsWith(`${path}/`)
  return url.origin === location.origin && paths.some(under)
}
