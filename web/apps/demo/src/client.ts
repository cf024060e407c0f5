import { createBffClient, type BffRequestInit, type SessionUser } from '@cookie-bff/client'
import { useSession as useBffSession } from '@cookie-bff/client/react'
import { logged, tracked } from './log'

export interface User extends SessionUser {
  readonly email?: string
  readonly roles?: readonly string[]
}

/** The one client of the page. Its `fetch` is wrapped only so that the request log sees every attempt. */
export const client = createBffClient<User>({ fetch: logged })

export const useSession = () => useBffSession<User>()

/** `client.fetch`, followed by the request log from the call to its last attempt. */
export const call = (path: string, init: BffRequestInit = {}): Promise<Response> => client.fetch(path, tracked(init))

/** What the API said when it did not do what it was asked. */
export class CallFailed extends Error {
  constructor(
    readonly status: number,
    readonly code: string | null,
    message: string,
  ) {
    super(message)
  }
}

export async function callJson<T>(path: string, init?: BffRequestInit): Promise<T> {
  const answer = await call(path, init)
  if (answer.ok) return (await answer.json()) as T
  const code = answer.headers.get('BFF-Error')
  throw new CallFailed(answer.status, code, code ?? `${answer.status} ${answer.statusText}`.trim())
}

export const json = (method: string, body: unknown): BffRequestInit => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

/** Our own endpoints, pinned to the session the page shows. */
export function ask(path: string, method = 'GET', body?: object): Promise<Response> {
  const headers = { 'BFF-Session': client.getSnapshot().session?.ref ?? 'anon', 'Content-Type': 'application/json' }
  return logged(path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
}
