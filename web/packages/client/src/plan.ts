import type { Attempt } from './replay.js'
import type { BffRequestInit } from './types.js'

/** A request as it was asked for, and what is known of it before it is sent. */
export interface Plan extends Attempt {
  readonly init: RequestInit
  readonly headers: Headers
  readonly signal: AbortSignal | null | undefined
  /** What to send: a Request is used up by sending it, so a copy, unless it cannot be needed (a copy buffers the body). */
  input(): RequestInfo | URL
}

export function planOf(input: RequestInfo | URL, { bff: { replay = 'auto', background = false } = {}, ...init }: BffRequestInit): Plan {
  const request = input instanceof Request ? input : null
  const headers = new Headers(init.headers ?? request?.headers)
  if (background) headers.set('BFF-Background', '1')
  return {
    init,
    headers,
    signal: init.signal ?? request?.signal,
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    forwarded: undefined,
    resendable: !(init.body instanceof ReadableStream),
    replay,
    keyed: headers.has('Idempotency-Key'),
    input: () => (request && replay !== 'never' ? request.clone() : input),
  }
}

/** Is this one of ours: same origin, under one of `paths`? Anything else is none of the client's business. */
export function isOurs(input: RequestInfo | URL, paths: readonly string[]): boolean {
  const { origin, pathname } = new URL(input instanceof Request ? input.url : input, location.href)
  return origin === location.origin && paths.some((path) => `${pathname}/`.startsWith(`${path}/`))
}
