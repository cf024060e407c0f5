/** What tabs tell each other: hints, never facts, and nothing about a person. */
export interface TabMessage {
  readonly v: 1
  readonly t: 'in' | 'out' | 'ended' | 'extended'
  readonly ref?: string | undefined
  /** Seconds until the idle limit. */
  readonly left?: number | undefined
}

export function readMessage(data: any): TabMessage | null {
  return data?.v === 1 ? data : null
}
