import { createBffClient, readProblem, type BffRequestInit, type SessionUser } from '@cookie-bff/client'
import { useSyncExternalStore } from 'react'

export const API = '/bff/console/api'

export interface Reviewer extends SessionUser {
  readonly email?: string
}

export const client = createBffClient<Reviewer>({ apiPaths: [API] })

/** The reviewer's own session; re-renders when it changes. */
export const useSession = () => useSyncExternalStore(client.subscribe, client.getSnapshot)

/** What the console could not do, in the server's words. */
export class ConsoleError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
  ) {
    super(message)
    this.name = 'ConsoleError'
  }
}

/** JSON from the review API. Rejects with ConsoleError, or with what `fetch` rejects with. */
export async function ask<T>(path: string, init?: BffRequestInit): Promise<T> {
  const answer = await client.fetch(`${API}${path}`, init)
  if (answer.ok) return (await answer.json()) as T
  const requestId = answer.headers.get('X-Request-Id')
  const problem = await readProblem(answer.clone())
  const body: unknown = await answer.json().catch(() => null)
  const title = typeof body === 'object' && body !== null && 'title' in body ? String(body.title) : `The server answered ${answer.status}.`
  throw new ConsoleError(answer.status, problem?.code ?? 'unknown', title, requestId)
}

/** POST `body` as JSON to the review API. */
export const act = <T>(path: string, body: unknown): Promise<T> =>
  ask<T>(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), bff: { replay: 'never' } })

/** Fetch a file from the review API and hand it to the browser to keep. Rejects when there is none. */
export async function download(path: string): Promise<void> {
  const answer = await client.fetch(`${API}${path}`)
  if (!answer.ok) throw new ConsoleError(answer.status, 'unknown', `The server answered ${answer.status}.`, null)
  const name = /filename="([\w.-]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'export'
  const address = URL.createObjectURL(await answer.blob())
  const link = Object.assign(document.createElement('a'), { href: address, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
