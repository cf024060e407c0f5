import type { BffError } from './problem.js'

/** What the server says about the person. Only `sub` is promised; the rest is what the server chose to expose. */
export interface SessionUser {
  readonly sub: string
  readonly name?: string | undefined
}

export interface Deadline {
  readonly kind: 'idle' | 'absolute'
  /** Milliseconds since the epoch, by this computer's clock. A hint to ask the server again, never a verdict. */
  readonly at: number
  readonly extendable: boolean
}

export interface Session<U = SessionUser> {
  /** Random public reference: pins requests to the identity the page shows. Worthless to a thief. */
  readonly ref: string
  readonly user: U
  readonly deadline: Deadline
  readonly absoluteAt: number
}

export type EndReason =
  | 'signed_out'
  | 'idle_timeout'
  | 'absolute_timeout'
  | 'revoked'
  | 'idp_logout'
  | 'refresh_rejected'
  | 'unknown'
  /** A newer server may know more; its word is passed on as it is. */
  | (string & {})

export type SessionStatus = 'loading' | 'anonymous' | 'authenticated' | 'ended' | 'switched'

export type SessionSnapshot<U = SessionUser> = {
  /** A check or a pause has been under way for longer than 400 ms. */
  readonly busy: boolean
  /** Something does not answer. The session is not affected. */
  readonly degraded: BffError | null
  /** When the client asks what does not answer once more, by this computer's clock; null when all is well. */
  readonly retryAt: number | null
  /** The page is hidden and inert while the server is asked whether it may still be shown. What lies in the top layer is visible. */
  readonly covered: boolean
} & (
  | { readonly status: 'loading'; readonly session: null; readonly user: null; readonly ended: null }
  | {
      readonly status: 'anonymous'
      readonly session: null
      readonly user: null
      readonly ended: null
      readonly loginError: BffError | null
    }
  | {
      readonly status: 'authenticated'
      readonly session: Session<U>
      readonly user: U
      readonly ended: null
      readonly expiring: boolean
    }
  /** The session is over, the page is not: it keeps showing the last user's work. */
  | {
      readonly status: 'ended'
      readonly session: null
      readonly user: U
      readonly ended: EndReason
      /** The limit that was reached, when it is known. */
      readonly limitMs: number | undefined
    }
  /** The browser is signed in as somebody else; the page still shows `user`. */
  | { readonly status: 'switched'; readonly session: Session<U>; readonly user: U; readonly ended: null; readonly newUser: U }
)

export type Replay = 'auto' | 'never' | 'always'

export interface BffRequestOptions {
  /** May the request be sent a second time? Default `auto`: only when that cannot do anything twice. */
  readonly replay?: Replay | undefined
  /** Not the user's doing: does not count as activity. */
  readonly background?: boolean | undefined
}

export interface BffRequestInit extends RequestInit {
  bff?: BffRequestOptions | undefined
}

export type BffFetch = (input: RequestInfo | URL, init?: BffRequestInit) => Promise<Response>

export interface LoginOptions {
  /** Path of this origin to come back to. Default: the current page. */
  readonly returnTo?: string | undefined
  readonly mode?: 'redirect' | 'popup' | undefined
  readonly prompt?: string | undefined
  readonly loginHint?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LogoutOptions {
  readonly returnTo?: string | undefined
  /** All sessions of this person, on all devices. */
  readonly everywhere?: boolean | undefined
}

export interface BeforeNavigate {
  readonly url: string
  /** Stay on the page; `login()` rejects with `login_cancelled`. */
  preventDefault(): void
}

type In<U, S extends SessionStatus> = Extract<SessionSnapshot<U>, { readonly status: S }>

export interface BffEvents<U = SessionUser> {
  authenticated: In<U, 'authenticated'>
  /** Its `ended` says why. */
  ended: In<U, 'ended'>
  /** `user` is on the page, `newUser` in the cookie. */
  switched: In<U, 'switched'>
  expiring: Session<U>
  extended: Session<U>
  'before-navigate': BeforeNavigate
  degraded: BffError
  recovered: undefined
}

export interface BffClientOptions {
  /** Where the server's own endpoints are. Default `/bff`. */
  readonly basePath?: string | undefined
  /** Paths of this origin that are gated, pinned and watched. Default `['/api']`. */
  readonly apiPaths?: readonly string[] | undefined
  /** How long before the end to warn. Default 120 000, at least 20 000. */
  readonly warnBeforeMs?: number | undefined
  /** How often a visible page without traffic asks. Default 60 000. */
  readonly pollMs?: number | false | undefined
  /** What counts as activity: typing and clicking, or requests only. Default `input`. */
  readonly activity?: 'input' | 'requests' | undefined
  readonly queue?: { readonly max?: number | undefined; readonly timeoutMs?: number | undefined } | undefined
  readonly retry?: { readonly attempts?: number | undefined; readonly maxDelayMs?: number | undefined } | undefined
  /** Talk to other tabs, and listen to the server's session events. Default true. */
  readonly sync?: boolean | undefined
  /** Hide a page that may belong to nobody any more until the server has answered. Default true. */
  readonly veil?: boolean | undefined
  readonly fetch?: typeof fetch | undefined
  readonly now?: (() => number) | undefined
  /** Receives event names and codes, never data of a person. */
  readonly logger?: ((event: string, data?: object) => void) | undefined
}

export interface BffClient<U = SessionUser> {
  /** Drop-in `fetch`: answers with a Response, throws what `fetch` throws, plus BffError for requests that were never sent. */
  readonly fetch: BffFetch
  /** The same object until something changes. */
  getSnapshot(): SessionSnapshot<U>
  subscribe(listener: () => void): () => void
  /** Null: nobody is signed in. Rejects with BffError when the server did not say. */
  session(options?: { readonly fresh?: boolean | undefined; readonly signal?: AbortSignal | undefined }): Promise<Session<U> | null>
  /** Stay signed in. */
  extend(): Promise<Session<U>>
  /** "A sign-in dialog is on screen": keep requests waiting until it is done. Returns the release. */
  hold(maxMs?: number): () => void
  login(options?: LoginOptions): Promise<Session<U>>
  logout(options?: LogoutOptions): Promise<void>
  on<E extends keyof BffEvents<U>>(event: E, handler: (detail: BffEvents<U>[E]) => void): () => void
  dispose(): void
}
