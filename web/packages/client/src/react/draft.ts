import { useCallback, useRef, useState } from 'react'
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
 * Not for passwords; files cannot be kept.
 */
export function useDraft<T>(key: string, initial: T): readonly [value: T, set: SetDraft<T>, drop: () => void] {
  const { status, user } = useSession()
  const name = user && draftKey(user.sub, key)
  const load = (was: T): Held<T> => ({ name, value: (name ? (readDraft(name) as T | undefined) : undefined) ?? was })
  const [held, hold] = useState(() => load(initial))
  // Another person or page: its own draft. What was typed before the person was known stays.
  const current = held.name === name ? held : load(held.name ? initial : held.value)
  if (current !== held) hold(current)

  const latest = useRef(current)
  latest.current = current
  const keep = useCallback(
    (value: T, kept: T | undefined) => {
      // Somebody else's storage, as it were: nothing of the first person is kept any more.
      if (name && status !== 'switched') writeDraft(name, kept)
      hold((latest.current = { name, value }))
    },
    [name, status],
  )
  const set = useCallback<SetDraft<T>>(
    (next) => {
      const value = typeof next === 'function' ? (next as (was: T) => T)(latest.current.value) : next
      keep(value, value)
    },
    [keep],
  )
  return [current.value, set, () => keep(initial, undefined)]
}
