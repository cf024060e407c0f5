import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react'

const listeners = new Set<() => void>()

export function go(path: string): void {
  history.pushState(null, '', path)
  listeners.forEach((listener) => listener())
  scrollTo(0, 0)
  // The new page is on the screen before a screen reader is told to read it.
  requestAnimationFrame(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname)

/** The part of `path` that stands for `:id` in `pattern`; empty if there is none; null if they do not match. */
export function match(pattern: string, path: string): string | null {
  const clean = path.length > 1 ? path.replace(/\/$/, '') : path
  if (!pattern.endsWith('/:id')) return clean === pattern ? '' : null
  const base = pattern.slice(0, -3)
  const rest = clean.slice(base.length)
  return clean.startsWith(base) && rest !== '' && !rest.includes('/') ? decodeURIComponent(rest) : null
}

/** Whether a click means "here", not a new tab or window. */
export const plain = (event: Pick<MouseEvent, 'button' | 'metaKey' | 'ctrlKey' | 'shiftKey' | 'altKey'>): boolean =>
  event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey

export function Link({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  return (
    <a
      href={href}
      onClick={(event) => {
        if (!plain(event)) return
        event.preventDefault()
        go(href)
      }}
      {...rest}
    />
  )
}
