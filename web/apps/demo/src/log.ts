import { useSyncExternalStore } from 'react'

/** One attempt to send one request. */
export interface Entry {
  readonly id: number
  readonly at: number
  readonly method: string
  readonly path: string
  /** Null while nothing has come back; 0: nothing will. */
  readonly status: number | null
  readonly error: string | null
  readonly forwarded: string | null
  /** Which attempt of the same call this is. */
  readonly attempt: number
  /** Milliseconds the client kept it waiting before this attempt. */
  readonly waited: number
  readonly ms: number | null
  /** The session the request was pinned to. */
  readonly pin: string
}

interface Call {
  attempts: number
  since: number
}

const KEPT = 60
const CALL = Symbol('call')
let entries: readonly Entry[] = []
let numbered = 0
const listeners = new Set<() => void>()

/** The newest first, and no more than sixty. */
export const prepend = (list: readonly Entry[], entry: Entry): readonly Entry[] => [entry, ...list].slice(0, KEPT)

function change(next: readonly Entry[]): void {
  entries = next
  listeners.forEach((listener) => listener())
}

export const clearLog = (): void => change([])

/** Marks a call, so that each of its attempts is known as one: the mark travels with the init. */
export function tracked<T extends object>(init: T): T {
  return { ...init, [CALL]: { attempts: 0, since: performance.now() } satisfies Call }
}

/** `fetch`, written down. */
export async function logged(input: RequestInfo | URL, init: RequestInit & { [CALL]?: Call } = {}): Promise<Response> {
  const began = performance.now()
  const call = init[CALL]
  const headers = new Headers(init.headers)
  const url = new URL(input instanceof Request ? input.url : input, location.href)
  const id = ++numbered
  const entry: Entry = {
    id,
    at: Date.now(),
    method: init.method ?? 'GET',
    path: url.pathname + url.search,
    status: null,
    error: null,
    forwarded: null,
    attempt: call ? ++call.attempts : 1,
    waited: call ? began - call.since : 0,
    ms: null,
    pin: headers.get('BFF-Session') ?? '',
  }
  change(prepend(entries, entry))
  const finish = (more: Partial<Entry>) => {
    if (call) call.since = performance.now()
    const ms = performance.now() - began
    change(entries.map((other) => (other.id === id ? { ...other, ...more, ms } : other)))
  }
  try {
    const answer = await fetch(input, init)
    finish({ status: answer.status, error: answer.headers.get('BFF-Error'), forwarded: answer.headers.get('BFF-Forwarded') })
    return answer
  } catch (error) {
    finish({ status: 0, error: error instanceof Error ? error.name : 'failed' })
    throw error
  }
}

export const useLog = (): readonly Entry[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => entries,
  )
