import type { ReactElement, ReactNode } from 'react'
import type { BffClient, Deadline, SessionSnapshot, SessionUser } from '../index.js'

/** Every sentence of the dialogs; `{n}`, `{name}` and `{time}` are filled in. */
export type Words = Record<string, string>

export declare function SessionProvider<U extends SessionUser>(props: {
  readonly client: BffClient<U>
  readonly children?: ReactNode
  /** Replaces sentences of the dialogs, for instance to translate them. */
  readonly words?: Partial<Words> | undefined
}): ReactElement
export declare function useSession<U extends SessionUser = SessionUser>(): SessionSnapshot<U> &
  Pick<BffClient<U>, 'login' | 'logout' | 'extend' | 'fetch'>
export declare function useUser<U extends SessionUser = SessionUser>(): U | null
export declare function useCountdown(options?: { readonly tickMs?: number | undefined }): {
  readonly deadline: Deadline | null
  readonly secondsLeft: number | null
}
/** `[value, setValue, discard]`: `discard()` removes the stored copy (after saving). */
export declare function useDraft<T>(key: string, initial: T): readonly [T, (next: T | ((was: T) => T)) => void, () => void]
export declare function RequireSession(props: {
  readonly children?: ReactNode
  readonly loading?: ReactNode
  /** What an anonymous visitor sees; `redirect` sends to sign-in at once (at most three times in a minute), `popup` offers a button. */
  readonly anonymous?: ReactNode | 'redirect' | 'popup'
}): ReactElement
export declare function SessionExpiryDialog(): ReactElement | null
export declare function SessionEndedDialog(props: { readonly mode?: 'popup' | 'redirect' | undefined }): ReactElement | null
export declare function SessionSwitchedDialog(): ReactElement | null
export declare function SessionBanner(): ReactElement
