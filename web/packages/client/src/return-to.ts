import type { LoginOptions } from './types.js'

/** `?a=b&…` of what is there; nothing of nothing. */
export const queryOf = (fields: Record<string, string | false | undefined>): string =>
  `?${new URLSearchParams(Object.entries(fields).filter((field): field is [string, string] => !!field[1]))}`.replace(/\?$/, '')

/** The address that starts a sign-in. The server refuses what is not a path of this origin. Needs no request before it, so that a click can open it in a window. */
export function loginUrl(base: string, { returnTo, mode = 'redirect', prompt, loginHint }: LoginOptions, here: Location): string {
  const path = returnTo ?? here.pathname + here.search + here.hash
  return `${base}/login${queryOf({ return_to: path, mode, prompt, login_hint: loginHint })}`
}
