import type { LoginOptions } from './types.js'

/** The address that starts a sign-in. The server refuses what is not a path of this origin. Needs no request before it, so that a click can open it in a window. */
export function loginUrl(base: string, { returnTo, mode, prompt, loginHint }: LoginOptions, here: Location): string {
  const path = returnTo ?? here.pathname + here.search + here.hash
  const query = new URLSearchParams({ return_to: path, mode: mode ?? 'redirect' })
  if (prompt) query.set('prompt', prompt)
  if (loginHint) query.set('login_hint', loginHint)
  return `${base}/login?${query}`
}
