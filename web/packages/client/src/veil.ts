import type { State } from './state.js'

function show(visible: boolean): void {
  const root = document.documentElement
  root.inert = !visible
  root.style.opacity = visible ? '' : '0'
}

/** Hide at once a page that may belong to nobody any more, and keep everything in it. Dialogs in the top layer stay visible. */
export function cover(s: State): void {
  if (s.options.veil === false) return
  s.coveredAt = s.now()
  show(false)
}

/** Show it again, unless the question was asked before it was covered. */
export function lift(s: State, askedAt: number): void {
  if (askedAt < s.coveredAt) return
  s.coveredAt = Infinity
  show(true)
}
