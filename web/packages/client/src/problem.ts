import { ignore } from './wait.js'

/** Codes of the server, and those the client adds (second group). An unknown server code is passed on as it is. */
export type BffCode =
  | 'session_required'
  | 'session_expired'
  | 'session_revoked'
  | 'reauth_required'
  | 'csrf_failed'
  | 'session_changed'
  | 'rate_limited'
  | 'upstream_unreachable'
  | 'upstream_timeout'
  | 'refresh_in_progress'
  | 'idp_unavailable'
  | 'store_unavailable'
  | 'login_failed'
  | 'queue_full'
  | 'queue_timeout'
  | 'unreachable'
  | 'logout_failed'
  | 'login_cancelled'
  | 'login_timeout'
  | 'popup_blocked'
  | (string & {})

export interface BffErrorInfo {
  readonly status?: number | undefined
  /** Whether the API saw the request; undefined when nobody knows. */
  readonly forwarded?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly requestId?: string | undefined
  /** Of an ended session: the limit that was reached. */
  readonly limitMs?: number | undefined
  readonly cause?: unknown
}

export class BffError extends Error {
  override readonly name = 'BffError'
  constructor(
    readonly code: BffCode,
    readonly info: BffErrorInfo = {},
  ) {
    super(code, { cause: info.cause })
  }
}

/** The server's problem (RFC 9457), or null when the answer is the API's own. The body stays unread. */
export async function readProblem(response: Response): Promise<BffError | null> {
  const { headers, status } = response
  const code = headers.get('BFF-Error')
  if (!code) return null
  const forwarded = headers.get('BFF-Forwarded')
  const seconds = headers.get('Retry-After')
  const body = await (response.bodyUsed ? response : response.clone()).json().catch(ignore)
  return new BffError(code, {
    status,
    forwarded: forwarded ? forwarded === 'yes' : undefined,
    retryAfterMs: seconds ? +seconds * 1000 : undefined,
    requestId: body?.request_id,
  })
}
