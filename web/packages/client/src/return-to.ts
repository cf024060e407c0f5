import type { LoginOptions } from './types.js'

/** A path of this origin: one leading slash, no backslash, no control character. The server checks again. */
export const isLocalPath = (path: string): boolean => /^\/(?!\/)[^\\\u0000-\u001f\u007f]*$/.test(path)

/** The address that starts a sign-in. Needs no request before it, so that a click can open it in a window. */
export function loginUrl(base: string, { returnTo, mode, prompt, loginHint }: LoginOptions, here: Location): string {
  const path = returnTo ?? here.pathname + here.search + here.hash
  const query = new URLSearchParams({ return_to: isLocalPath(path) ? path : '/', mode: mode ?? 'redirect' })
  if (prompt) query.set('prompt', prompt)
  if (loginHint) query.set('login_hint', loginHint)
  return `${base}/login?${query}`
}
