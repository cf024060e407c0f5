import { useCallback, useEffect, useSyncExternalStore } from 'react'

const watchers = new Set<() => void>()
let heard = true

/** Whether single keys do something, and a switch for it (WCAG 2.1.4): who dictates would rather they did not. */
export function useKeysHeard(): [boolean, () => void] {
  const value = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => heard,
  )
  const toggle = useCallback(() => {
    heard = !heard
    watchers.forEach((watcher) => watcher())
  }, [])
  return [value, toggle]
}

/** The row that `j` or `k` leads to, from `at` (-1: none yet) in a list of `count`; it stops at the ends. */
export const rowAfter = (key: 'j' | 'k', at: number, count: number): number =>
  key === 'j' ? Math.min(at + 1, count - 1) : Math.max(at - 1, 0)

/** `/` goes to the search, `j` and `k` from row to row, Enter opens the row. Fields, dialogs and chords are left alone. */
export function useKeys(): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (!heard || event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return
      const target = event.target
      if (target instanceof Element && target.closest('input, textarea, select, dialog') !== null) return
      if (event.key === '/') document.getElementById('search')?.focus()
      else if (event.key === 'j' || event.key === 'k') step(event.key)
      else if (!(event.key === 'Enter' && target instanceof HTMLTableRowElement && open(target))) return
      event.preventDefault()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
}

function step(key: 'j' | 'k'): void {
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('main .table tbody tr')]
  const own = document.activeElement?.closest('tr')
  rows[rowAfter(key, own ? rows.indexOf(own) : -1, rows.length)]?.focus()
}

/** What a row is about: its entry, or else its session. */
function open(row: HTMLTableRowElement): boolean {
  const way = row.querySelector<HTMLElement>('button.opens, .opens a') ?? row.querySelector<HTMLElement>('a')
  way?.click()
  return way !== null
}
