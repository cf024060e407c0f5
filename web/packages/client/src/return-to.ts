import type { LoginOptions } from './types.js'

/** The address that starts a sign-in. The server refuses what is not a path of this origin. Needs no request before it, so that a click can open it in a window. */
export function loginUrl(base: string, { returnTo, mode = 'redirect', prompt, loginHint }: LoginOptions, here: Location): string {
  const path = returnTo ?? here.pathname + here.search + here.hash
  const query = { return_to: path, mode, prompt, login_hint: loginHint }
  return `${base}/login?${new URLSearchParams(Object.entries(query).filter(([, value]) => value) as [string, string][])}`
}
