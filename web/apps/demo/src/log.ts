import { useSyncExternalStore } from 'react'

export interface Entry {
  readonly id: number
  readonly at: Date
  readonly method: string
  readonly path: string
  readonly status: number
  readonly error: string | null
  readonly ms: number
}

const KEPT = 50
let entries: readonly Entry[] = []
const listeners = new Set<() => void>()

/** The newest first, and no more than fifty. */
export const prepend = (list: readonly Entry[], entry: Entry): readonly Entry[] => [entry, ...list].slice(0, KEPT)

export function record(entry: Omit<Entry, 'id' | 'at'>): void {
  entries = prepend(entries, { ...entry, id: (entries[0]?.id ?? 0) + 1, at: new Date() })
  listeners.forEach((listener) => listener())
}

export const useLog = (): readonly Entry[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => entries,
  )
