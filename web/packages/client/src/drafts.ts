const PREFIX = 'bff-draft:'

/** Where a draft lives: this tab's sessionStorage, under the person and the page. */
export const draftKey = (sub: string, key: string): string => `${PREFIX}${sub}:${location.pathname}:${key}`

/** Signed out, or somebody else: what was typed here is nobody's business any more. */
export function dropDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
}
