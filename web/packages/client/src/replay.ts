import type { Replay } from './types.js'

/** What decides whether a request may be sent a second time. */
export interface Attempt {
  readonly method: string
  /** Whether the API saw it; undefined when nobody knows (the network failed). */
  forwarded?: boolean | undefined
  /** Its body can be produced again. */
  readonly resendable: boolean
  readonly replay: Replay
  /** It carries an Idempotency-Key header. */
  readonly keyed: boolean
}

/** Safe methods (RFC 9110, section 9.2.1). */
export const isSafe = (method: string): boolean => /^(GET|HEAD|OPTIONS)$/.test(method)

/**
 * May this request be sent again without doing anything twice?
 *
 * PUT and DELETE are idempotent (RFC 9110, section 9.2.2), yet a blind second DELETE answers a confusing 404: so only on request.
 */
export function mayReplay({ method, forwarded, resendable, replay, keyed }: Attempt): boolean {
  const asked = () => (/^(PUT|DELETE)$/.test(method) ? replay === 'always' : keyed || (forwarded === true && replay === 'always'))
  return resendable && replay !== 'never' && (isSafe(method) || forwarded === false || asked())
}
