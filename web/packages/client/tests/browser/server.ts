import { afterEach, beforeEach, vi } from 'vitest'
import { createBffClient, type BffClient, type BffClientOptions, type BffRequestInit, type SessionUser } from '../../src/index.js'

export interface Call {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
}

export type Reply = Response | Error | ((call: Call) => Response | Promise<Response>)

/** Its body is there at once: a real one arrives in a time of its own, which a test with timers in its hands cannot know. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const response = new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })
  return Object.assign(response, { clone: () => json(body, status, headers), json: async () => structuredClone(body) })
}

/** An answer of the server itself, never of the API. */
export const problem = (status: number, code: string, more: Record<string, string> = {}, body: object = {}): Response =>
  json({ code, request_id: 'req_1', ...body }, status, { 'BFF-Error': code, 'BFF-Forwarded': 'no', ...more })

export const signedIn = (more: object = {}): object => ({
  authenticated: true,
  ref: 's_1',
  user: { sub: 'ada', name: 'Ada' },
  idle_expires_in: 1800,
  absolute_expires_in: 28_800,
  extendable: true,
  ...more,
})

export const signedOut = (more: object = {}): object => ({ authenticated: false, ended: null, login_error: null, ...more })

let number = 0
let made: BffClient<SessionUser>[] = []

/** A server with a script: what `/session` says, and the answers of the API in their order (then `ok`). */
export class Server {
  session: object | Error | Response | Promise<Response> = signedIn()
  /** What `/session/extend` and `/logout` say, when it is not the usual. */
  extended: (() => Response) | undefined
  loggedOut: (() => Response) | undefined
  replies: Reply[] = []
  readonly calls: Call[] = []
  readonly base = `/bff-${++number}`

  readonly fetch = async (input: RequestInfo | URL, init: BffRequestInit = {}): Promise<Response> => {
    const request = input instanceof Request ? input : null
    const url = new URL(request?.url ?? String(input), location.href)
    const path = url.pathname + url.search
    const headers = new Headers(init.headers ?? request?.headers)
    const body = init.body ?? (request?.body ? await request.text() : undefined)
    const call = { method: init.method ?? request?.method ?? 'GET', path, headers, body }
    const signal = init.signal ?? request?.signal
    signal?.throwIfAborted()
    this.calls.push(call)
    // An answer takes a moment, as on the real network.
    await null
    if (path === `${this.base}/session`) return this.#say(this.session)
    if (path === `${this.base}/session/extend`) return this.extended?.() ?? this.#say(this.session)
    if (path.startsWith(`${this.base}/logout`)) return this.loggedOut?.() ?? json({ redirect_to: '#out' })
    const reply = this.replies.shift() ?? json({ ok: true })
    if (reply instanceof Error) throw reply
    return typeof reply === 'function' ? reply(call) : reply.clone()
  }

  async #say(asked: object): Promise<Response> {
    const answer = await asked
    if (answer instanceof Error) throw answer
    return answer instanceof Response ? answer.clone() : json(answer)
  }

  to(path: string): Call[] {
    return this.calls.filter((call) => call.path.startsWith(path))
  }

  get checks(): number {
    return this.calls.filter(({ path }) => path === `${this.base}/session`).length
  }

  client<U extends SessionUser = SessionUser>(options: BffClientOptions = {}): BffClient<U> {
    const client = createBffClient<U>({ basePath: this.base, fetch: this.fetch as typeof fetch, ...options })
    made.push(client as unknown as BffClient<SessionUser>)
    return client
  }

  /** Another tab, or the sign-in window, says something. */
  say(message: object): void {
    const channel = new BroadcastChannel(`bff:${location.origin}${this.base}`)
    channel.postMessage({ v: 1, ...message })
    channel.close()
  }
}

/** The stream of session events, in the hand of the test. */
export class Stream extends EventTarget {
  static all: Stream[] = []
  readyState = 1
  onerror: (() => void) | null = null
  onopen: (() => void) | null = null
  constructor(readonly url: string) {
    super()
    Stream.all.push(this)
  }
  close(): void {
    this.readyState = 2
  }
  push(type: string, data: object = {}): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }))
  }
  fail(): void {
    this.readyState = 2
    this.onerror?.()
  }
  static get open(): Stream[] {
    return Stream.all.filter(({ readyState }) => readyState < 2)
  }
}

/** Waits in real time, whatever time a test holds in its hands. */
export async function truly<T>(look: () => T): Promise<T> {
  for (let left = 2000; ; left--) {
    try {
      return look()
    } catch (error) {
      if (!left) throw error
      await settle()
    }
  }
}

/** A promise in the hand of the test. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}

/** Each test in a fresh page: no client of another, nothing stored, not covered. */
export function freshPage(): void {
  beforeEach(async () => {
    // The second part of the client is at hand, as in a page that has been open for a moment.
    await import('../../src/companion.js')
    Stream.all = []
    vi.stubGlobal('EventSource', Stream)
    sessionStorage.clear()
    history.replaceState(null, '', location.pathname)
  })
  afterEach(() => {
    for (const client of made) client.dispose()
    made = []
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
    const root = document.documentElement
    root.inert = false
    root.style.opacity = ''
  })
}

const realTimeout = setTimeout.bind(window)
/** A body is read outside the time that a test holds in its hands. */
export const settle = () => new Promise((done) => realTimeout(done, 10))

/** The page knows who is signed in, and the second part of the client is at work. */
export async function settled(client: Pick<BffClient<SessionUser>, 'session'>): Promise<void> {
  await client.session()
  // Asked for after the client has asked for it, and so there no sooner.
  await import('../../src/companion.js')
  await settle()
}

/** Time passes for timers, in a few steps, and whatever they start is done. */
export async function pass(ms: number, steps = 4): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await settle()
    await vi.advanceTimersByTimeAsync(ms / steps)
  }
  await settle()
}

export const until = <T>(look: () => T): Promise<T> => vi.waitFor(look, { timeout: 10_000, interval: 5 })

export async function setVisible(visible: boolean): Promise<void> {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(visible ? 'visible' : 'hidden')
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(!visible)
  document.dispatchEvent(new Event('visibilitychange'))
}
