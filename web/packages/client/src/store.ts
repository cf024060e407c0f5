import type { BffEvents, SessionSnapshot } from './types.js'

/** The snapshot, who watches it, and who listens to events. */
export interface Store<U> {
  get(): SessionSnapshot<U>
  /** A whole snapshot, or a change to it. Does nothing when nothing changes, so the snapshot keeps its identity. */
  set(change: Partial<SessionSnapshot<U>>): void
  subscribe(listener: () => void): () => void
  on<E extends keyof BffEvents<U>>(event: E, handler: (detail: BffEvents<U>[E]) => void): () => void
  emit<E extends keyof BffEvents<U>>(event: E, detail: BffEvents<U>[E]): void
}

export function createStore<U>(): Store<U> {
  let snapshot: SessionSnapshot<U> = {
    status: 'loading',
    session: null,
    user: null,
    ended: null,
    busy: false,
    degraded: null,
  }
  const listeners = new Set<() => void>()
  const handlers = new Map<PropertyKey, Set<(detail: never) => void>>()
  const join = <F>(set: Set<F>, member: F) => {
    set.add(member)
    return () => void set.delete(member)
  }
  return {
    get: () => snapshot,
    set(change) {
      const differs = (key: string) => change[key as 'busy'] !== snapshot[key as 'busy']
      if (!Object.keys(change).some(differs)) return
      snapshot = ('status' in change ? change : { ...snapshot, ...change }) as SessionSnapshot<U>
      for (const listener of [...listeners]) listener()
    },
    // A fresh function each time: the same one may be subscribed twice.
    subscribe: (listener) => join(listeners, () => listener()),
    on(event, handler) {
      if (!handlers.has(event)) handlers.set(event, new Set())
      return join(handlers.get(event)!, handler as (detail: never) => void)
    },
    emit(event, detail) {
      for (const handler of [...(handlers.get(event) ?? [])]) handler(detail as never)
    },
  }
}
