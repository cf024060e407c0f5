import type { BffError } from './problem.js'

export interface Message {
  readonly title: string
  readonly detail: string
  readonly action: 'retry' | 'sign-in' | 'reload' | 'wait' | 'none'
}

/** What to tell a person about `error`: no blame, no jargon, one action. `locale` formats the numbers in it. */
export declare function messageFor(error: BffError, locale?: string): Message
