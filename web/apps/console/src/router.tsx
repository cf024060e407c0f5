import { useMemo, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react'

/** Every view of the console is an address: filters included, so that a finding can be sent to a colleague. */
export const BASE = '/bff/console'

const listeners = new Set<() => void>()

/** What is said once for all pages, and goes along when one is left for another. */
const KEPT = ['times'] as const

/** `to` with what the present address says for all pages. */
export function carried(to: string, present: string): string {
  const [path = '', text = ''] = to.split('?')
  const [query, here] = [new URLSearchParams(text), new URLSearchParams(present)]
  for (const name of KEPT) {
    const value = here.get(name)
    if (value !== null && !query.has(name)) query.set(name, value)
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

function moved(): void {
  listeners.forEach((listener) => listener())
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

/** Go to a path below the console, the way a link would. */
export function go(path: string): void {
  history.pushState(null, '', BASE + carried(path, location.search))
  moved()
  document.querySelector<HTMLElement>('main')?.focus()
}

const below = (): string => location.pathname.slice(BASE.length) || '/'

export const usePath = (): string => useSyncExternalStore(subscribe, below)

/** The address's query, and a way to change some of it without leaving the page. An empty value removes the key. */
export function useQuery(): [URLSearchParams, (changes: Readonly<Record<string, string>>) => void] {
  const search = useSyncExternalStore(subscribe, () => location.search)
  return [useMemo(() => new URLSearchParams(search), [search]), changeQuery]
}

export function changeQuery(changes: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''))
  moved()
}

const here = (event: MouseEvent): boolean =>
  event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey

/** A link inside the console; `to` is a path below it. */
export function Link({ to, ...rest }: Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to: string }) {
  const search = useSyncExternalStore(subscribe, () => location.search)
  return (
    <a
      href={BASE + carried(to, search)}
      onClick={(event) => {
        if (!here(event)) return
        event.preventDefault()
        go(to)
      }}
      {...rest}
    />
  )
}
