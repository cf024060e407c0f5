export interface Event {
  readonly id: string
  readonly name: string
  readonly venue: string
  readonly city: string
  readonly date: string
  readonly capacity: number
  readonly leads: number
}

export interface Lead {
  readonly id: string
  readonly event_id: string
  readonly name: string
  readonly company: string
  readonly email: string
  readonly score: 'hot' | 'warm' | 'cold'
  readonly note: string
  readonly created_at: number
  readonly created_by: string
}

export type FieldErrors = Readonly<Record<string, string>>
