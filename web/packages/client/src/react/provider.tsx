import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react'
import type { BffClient, LogoutOptions, SessionSnapshot, SessionUser } from '../types.js'
import { ignore } from '../wait.js'
import type { Message, messageFor } from '../words.js'

type Words = (error: Parameters<typeof messageFor>[0]) => Pick<Message, 'title' | 'detail'>

/** Until the words have come, which is long before they are needed: buttons say enough. */
const NO_WORDS: Words = () => ({ title: 'One moment', detail: '' })

interface Provided {
  readonly client: BffClient
  readonly logout: BffClient['logout']
  /** A sign-out that did not happen: what was asked for. */
  readonly refused: LogoutOptions | null
  readonly forget: () => void
  readonly words: Words
}

const Context = createContext<Provided | null>(null)

/** Gives the client to the components below, and never hides them. The client is made outside React, once. */
export function SessionProvider<U extends SessionUser>({ client: given, children }: { client: BffClient<U>; children?: ReactNode }): ReactNode {
  const [refused, refuse] = useState<LogoutOptions | null>(null)
  const [words, speak] = useState(() => NO_WORDS)
  useEffect(() => void import('../words.js').then((found) => speak(() => found.messageFor), ignore), [])
  const value = useMemo(() => {
    const client = given as unknown as BffClient
    const forget = () => refuse(null)
    const logout = async (options: LogoutOptions = {}) => {
      try {
        await client.logout(options)
        forget()
      } catch (error) {
        refuse(options)
        throw error
      }
    }
    return { client, logout, refused, forget, words }
  }, [given, refused, words])
  return <Context.Provider value={value}>{children}</Context.Provider>
}

export function useProvided(): Provided {
  const provided = useContext(Context)
  if (!provided) throw new Error('Put <SessionProvider client={client}> around this component.')
  return provided
}

/** `messageFor` of the client, which a page loads besides. */
export const useWords = (): Words => useProvided().words

export const useClient = <U extends SessionUser = SessionUser>(): BffClient<U> => useProvided().client as unknown as BffClient<U>

export type SessionWithActions<U> = SessionSnapshot<U> & Pick<BffClient<U>, 'login' | 'logout' | 'extend' | 'fetch'>

/** The snapshot, and what one can do about it. Narrow it by `status`. */
export function useSession<U extends SessionUser = SessionUser>(): SessionWithActions<U> {
  const { client, logout } = useProvided()
  const { subscribe, getSnapshot, login, extend, fetch } = client as unknown as BffClient<U>
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getSnapshot)
  return useMemo(() => ({ ...snapshot, login, logout, extend, fetch }), [snapshot, logout])
}

/** The person the page shows, also when their session has ended; null when nobody is signed in. */
export const useUser = <U extends SessionUser = SessionUser>(): U | null => useSession<U>().user
