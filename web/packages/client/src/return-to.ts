import type { LoginOptions } from './types.js'

/** `?a=b&…` of what is there. */
export function queryOf(fields: Record<string, string | false | undefined>): string {
  const found = Object.entries(fields).filter(([, value]) => value) as [string, string][]
  return found.length ? `?${new URLSearchParams(found)}` : ''
}

/** The address that starts a sign-in. The server refuses what is not a path of this origin. Needs no request before it, so that a click can open it in a window. */
export function loginUrl(base: string, { returnTo, mode = 'redirect', prompt, loginHint }: LoginOptions, here: Location): string {
  const path = returnTo ?? here.pathname + here.search + here.hash
  return `${base}/login${queryOf({ return_to: path, mode, prompt, login_hint: loginHint })}`
}
