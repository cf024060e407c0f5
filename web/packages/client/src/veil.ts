import { update, type State } from './state.js'

function show(s: State, visible: boolean): void {
  update(s, { covered: !visible })
  if (s.options.veil === false) return
  const root = document.documentElement
  root.inert = !visible
  root.style.opacity = visible ? '' : '0'
}

/** Hide at once a page that may belong to nobody any more, and keep everything in it. Dialogs in the top layer stay visible. */
export function cover(s: State): void {
  s.coveredAt = s.now()
  show(s, false)
}

/**
 * Show it again, unless the question was asked before it was covered. Who signed out does not want to be read; and a page that came
 * back from the back/forward cache belongs to nobody when nobody is signed in.
 */
export function lift(s: State, askedAt: number): void {
  const { covered, ended } = s.snapshot
  if (!covered || askedAt < s.coveredAt || (ended && (s.restored || ended === 'signed_out'))) return
  s.restored = false
  show(s, true)
}
