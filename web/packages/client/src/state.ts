import { createGate, type Gate } from './gate.js'
import type { BffError } from './problem.js'
import type { BffClientOptions, BffEvents, BffFetch, EndReason, Session, SessionSnapshot } from './types.js'
import type { LiveSession } from './wire.js'

/** All that one client knows. The functions of the other files work on it; nothing is kept anywhere else. */
export interface State {
  readonly options: BffClientOptions
  readonly base: string
  readonly fetch: BffFetch
  readonly now: () => number

  readonly gate: Gate
  readonly bus: EventTarget
  snapshot: SessionSnapshot

  /** The BFF-Session header: the identity the page shows. */
  pin: string
  /** When the question was asked to which we have the latest answer. */
  heardAt: number
  /** The longest idle time seen in this session: what the server grants. */
  idleWindow: number
  /** How long a session may last at all, if the server says. */
  lifetimeMs?: number | undefined
  /** Why the session may have ended, should the server not say. */
  guess?: EndReason | undefined
  /** The sign-in that did not complete last. */
  loginError?: BffError | null | undefined
  /** What we know may be out of date: ask when somebody looks. */
  stale?: boolean

  asking?: Promise<Session | null> | undefined
  /** When the question under way was asked. */
  askedAt: number
  extending?: Promise<Session> | undefined
  /** A sign-in window is open. */
  waiting?: Promise<Session> | undefined
  /** The page is being left for a sign-in. */
  leaving?: Promise<never> | undefined

  /** Aborted by `dispose`. */
  life?: AbortController | undefined
  channel?: BroadcastChannel | undefined
  /** When the page was covered last. */
  coveredAt: number
  /** It lay in the back/forward cache meanwhile. */
  restored?: boolean
  probe?: ReturnType<typeof setTimeout> | undefined
  probes: number
}

export const createState = (options: BffClientOptions): State => ({
  options,
  base: options.basePath ?? '/bff',
  // Looked up at each call: `fetch` must keep its receiver, and may be replaced by a test or a monitor.
  fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  now: options.now ?? Date.now,
  gate: createGate(options.queue?.max, options.queue?.timeoutMs),
  bus: new EventTarget(),
  snapshot: { status: 'loading', session: null, user: null, ended: null, busy: false, degraded: null, retryAt: null, covered: false },
  pin: 'any',
  heardAt: 0,
  idleWindow: 0,
  askedAt: 0,
  coveredAt: 0,
  probes: 0,
})

/** The session with what only the client needs to know of it. */
export const liveOf = (s: State): LiveSession | null => s.snapshot.session as LiveSession | null

/** A whole snapshot, or a change to it. Does nothing when nothing changes, so the snapshot keeps its identity. */
export function update(s: State, change: Partial<SessionSnapshot>): void {
  const was: object = s.snapshot
  if (Object.entries(change).every(([key, value]) => was[key as never] === value)) return
  s.snapshot = ('status' in change ? change : { ...was, ...change }) as SessionSnapshot
  emit(s, 'change')
}

/** `out`: this page has signed out. */
type Events = BffEvents & { change: undefined; out: undefined }

export function emit<E extends keyof Events>(s: State, event: E, detail?: Events[E]): void {
  s.bus.dispatchEvent(new CustomEvent(event, { detail }))
}

/** Until `signal`, or until the function that it returns is called. A handler that throws harms nobody. */
export function on<E extends keyof Events>(s: State, event: E, handler: (detail: Events[E]) => void, signal?: AbortSignal): () => void {
  const listener = (e: Event) => handler((e as CustomEvent<Events[E]>).detail)
  s.bus.addEventListener(event, listener, { signal: signal! })
  return () => s.bus.removeEventListener(event, listener)
}

/** Waits for `work`; a wait that lasts longer than 400 ms shows. */
export async function busily<T>(s: State, work: Promise<T>): Promise<T> {
  const timer = setTimeout(update, 400, s, { busy: true })
  try {
    return await work
  } finally {
    clearTimeout(timer)
    update(s, { busy: false })
  }
}
