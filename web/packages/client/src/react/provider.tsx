import { createContext, useContext, useMemo, useSyncExternalStore, type ReactNode } from 'react'
import type { BffClient, SessionSnapshot, SessionUser } from '../types.js'

const Client = createContext<BffClient | null>(null)

/** Gives the client to the components below. Never hides them. The client is made outside React, once. */
export function SessionProvider<U extends SessionUser>({ client, children }: { client: BffClient<U>; children?: ReactNode }): ReactNode {
  return <Client.Provider value={client as unknown as BffClient}>{children}</Client.Provider>
}

export function useClient<U extends SessionUser = SessionUser>(): BffClient<U> {
  const client = useContext(Client)
  if (!client) throw new Error('Put <SessionProvider client={client}> around this component.')
  return client as unknown as BffClient<U>
}

export type SessionWithActions<U> = SessionSnapshot<U> & Pick<BffClient<U>, 'login' | 'logout' | 'extend' | 'fetch'>

/** The snapshot, and what one can do about it. Narrow it by `status`. */
export function useSession<U extends SessionUser = SessionUser>(): SessionWithActions<U> {
  const client = useClient<U>()
  const snapshot = useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot)
  return useMemo(() => {
    const { login, logout, extend, fetch } = client
    return { ...snapshot, login, logout, extend, fetch }
  }, [client, snapshot])
}

/** The person the page shows, also when their session has ended; null when nobody is signed in. */
export const useUser = <U extends SessionUser = SessionUser>(): U | null => useSession<U>().user
