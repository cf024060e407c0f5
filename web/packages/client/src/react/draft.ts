import { useCallback, useState } from 'react'
import { draftKey, readDraft, writeDraft } from '../drafts.js'
import { useSession } from './provider.js'

export type SetDraft<T> = (next: T | ((was: T) => T)) => void

interface Held<T> {
  /** Where it is kept; null while nobody is signed in. */
  readonly name: string | null
  readonly value: T
}

/**
 * `useState` with a copy in this tab's sessionStorage, under the person and the path: it survives a redirect to the sign-in. Ends
 * with `drop()` (call it when the form was saved), with a sign-out, with another user, and after 24 hours. The value must fit JSON.
 * Not for passwords, and files cannot be kept.
 */
export function useDraft<T>(key: string, initial: T): readonly [value: T, set: SetDraft<T>, drop: () => void] {
  const { status, user } = useSession()
  const name = user && draftKey(user.sub, key)
  const load = (was: T): Held<T> => ({ name, value: (name ? (readDraft(name) as T | undefined) : undefined) ?? was })
  const [held, hold] = useState(() => load(initial))
  // Another person or page: its own draft. The first person keeps what was typed before they were known.
  const current = held.name === name ? held : load(held.name ? initial : held.value)
  if (current !== held) hold(current)

  const keeps = name && status !== 'switched' ? name : null
  const set = useCallback<SetDraft<T>>(
    (next) =>
      hold((was) => {
        const value = typeof next === 'function' ? (next as (was: T) => T)(was.value) : next
        if (keeps) writeDraft(keeps, value)
        return { ...was, value }
      }),
    [keeps],
  )
  const drop = useCallback(() => {
    if (name) writeDraft(name)
    hold({ name, value: initial })
  }, [name])
  return [current.value, set, drop]
}
