/** Drafts are kept a day; WCAG 2.2.6 asks for more than 20 hours. */
const KEEP_MS = 86_400_000
const PREFIX = 'bff-draft:'

/** Where a draft lives: this tab's sessionStorage, under the person and the page. */
export const draftKey = (sub: string, key: string): string => `${PREFIX}${sub}:${location.pathname}:${key}`

/** What was kept under `name`, or undefined: nothing, too old, or no storage. */
export function readDraft(name: string): unknown {
  try {
    const { at, value } = JSON.parse(sessionStorage.getItem(name)!)
    if (at > Date.now() - KEEP_MS) return value
    sessionStorage.removeItem(name)
  } catch {
    // Nothing there, or a browser that keeps nothing: then a draft lives as long as the page.
  }
  return undefined
}

export function writeDraft(name: string, value?: unknown): void {
  try {
    if (value === undefined) sessionStorage.removeItem(name)
    else sessionStorage.setItem(name, JSON.stringify({ at: Date.now(), value }))
  } catch {
    // Full, or forbidden.
  }
}

/** Signed out, or somebody else: what was typed here is nobody's business any more. */
export function dropDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
  } catch {
    // Forbidden: then there are none.
  }
}
