import { createBffClient, type BffRequestInit, type SessionUser } from '@cookie-bff/client'
import { useSyncExternalStore } from 'react'
import { record } from './log'

export interface User extends SessionUser {
  readonly email?: string
  readonly roles?: readonly string[]
}

export const client = createBffClient<User>()

/** The session as the page knows it; re-renders when it changes. */
export const useSession = () => useSyncExternalStore(client.subscribe, client.getSnapshot)

/** `client.fetch`, written down in the request log. */
export async function call(path: string, init?: BffRequestInit): Promise<Response> {
  const began = performance.now()
  const method = init?.method ?? 'GET'
  try {
    const answer = await client.fetch(path, init)
    record({ method, path, status: answer.status, error: answer.headers.get('BFF-Error'), ms: performance.now() - began })
    return answer
  } catch (error) {
    record({ method, path, status: 0, error: error instanceof Error ? error.name : 'failed', ms: performance.now() - began })
    throw error
  }
}

export async function callJson<T>(path: string, init?: BffRequestInit): Promise<T> {
  const answer = await call(path, init)
  if (!answer.ok) throw new Error(`${answer.status} ${answer.headers.get('BFF-Error') ?? answer.statusText}`)
  return (await answer.json()) as T
}

export const json = (method: string, body: unknown): BffRequestInit => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})
