// Written by `make generated` from bff/audit/rows.py, pages.py and acts.py. Do not edit.
// What each field means: docs/security/review-api.md.

export type SessionStatus = 'active' | 'idle' | 'renewing' | 'stuck' | 'ended'

export type Severity = 'info' | 'warning' | 'critical'

export type Outcome = 'success' | 'denied' | 'error'

export type RefreshOutcome = 'renewed' | 'failed' | 'unknown' | 'refused'

export type AlertStatus = 'new' | 'acknowledged' | 'closed'

export type Verdict = 'pass' | 'warn' | 'fail'

export interface Page<Row> {
  rows: readonly Row[]
  next: string | null
  total: number
  exact: boolean
  complete: boolean
  as_of: number
  facets: Record<string, Record<string, number>>
  searched_until: number | null
}

export interface AuditRow {
  seq: number
  id: string
  at: number
  severity: Severity
  event: string
  title: string
  actor: string | null
  subject: string | null
  ref: string | null
  address: string | null
  agent: string | null
  outcome: Outcome
  reason: string | null
  request_id: string | null
  chain: string
  number: number
  details: Record<string, string | number | boolean | null>
}

export interface AlertRow {
  id: string
  rule: string
  title: string
  severity: Severity
  group: string
  subject: string | null
  ref: string | null
  first_at: number
  last_at: number
  count: number
  status: AlertStatus
  by: string | null
  note: string | null
  decided_at: number | null
  muted_until: number | null
  evidence: string
  runbook: string
}

export interface Mute {
  rule: string
  group: string
  until: number
  by: string
  note: string
}

export interface SessionRow {
  ref: string
  state: SessionStatus
  subject: string
  name: string | null
  started_at: number
  seen_at: number
  idle_expires_at: number
  absolute_expires_at: number
  access_expires_at: number
  access_lifetime: number
  refreshes: number
  address: string | null
  agent: string | null
  client_changed: boolean
  alerts: number
  own: boolean
  trend: readonly number[]
}

export interface RefreshRow {
  seq: number
  at: number
  subject: string | null
  ref: string | null
  trigger: string | null
  outcome: RefreshOutcome
  reason: string | null
  waiters: number | null
  attempts: number | null
  latency: number | null
  seconds_left: number | null
  rotated: boolean | null
  generation: number | null
  request_id: string | null
  error: string | null
  expires_at: number | null
}

export interface PostureRow {
  id: string
  area: string
  title: string
  value: string
  verdict: Verdict
  reason: string
  reference: string
}

export interface Me {
  role: 'reviewer' | 'admin'
  subject: string
  name: string | null
  ref: string
  fresh_until: number | null
  fresh_seconds: number
  poll_seconds: number
  environment: string
  version: string
  server_time: number
}

export interface ProviderState {
  state: 'up' | 'slow' | 'open'
  until: number | null
  latency_p95: number | null
}

export interface Tile {
  id: 'sessions' | 'sign_ins' | 'refresh_success' | 'refresh_p95' | 'refused' | 'revocations' | 'alerts'
  value: number | null
  unit: 'count' | 'percent' | 'seconds'
  trend: readonly (number | null)[]
}

export interface Series {
  start: number
  step: number
  counts: Record<string, readonly number[]>
}

export interface Band {
  start: number
  end: number
}

export interface Overview {
  tiles: readonly Tile[]
  refreshes: Series
  sessions: Series
  outages: readonly Band[]
  alerts: readonly AlertRow[]
  audit: readonly AuditRow[]
  provider: ProviderState
  open_alerts: number
  as_of: number
}

export interface AccessCard {
  issued_at: number
  expires_at: number
  scopes: readonly string[]
  fingerprint: string
  form: 'jwt' | 'opaque'
  audiences: readonly string[]
}

export interface RefreshCard {
  expires_at: number | null
  fingerprint: string
  renewals: number
  family_started_at: number
}

export interface RenewalState {
  since: number
  in_flight: boolean
  outcome: string | null
  unknown: boolean
  attempts: number
  retry_at: number
}

export interface Ended {
  at: number
  reason: string
}

export interface RouteUse {
  route: string
  total: number
  statuses: Record<string, number>
}

export interface ApiUse {
  slot_seconds: number
  slots: readonly (readonly [number, number])[]
  routes: readonly RouteUse[]
}

export interface SessionDetail {
  ref: string
  subject: string
  issuer: string
  session: SessionRow | null
  ended: Ended | null
  acr: string | null
  auth_time: number | null
  provider_session: boolean
  claims: Record<string, unknown>
  access: AccessCard | null
  refresh: RefreshCard | null
  identity: boolean
  renewal: RenewalState | null
  generation: number | null
  acknowledged_generation: number | null
  stays_valid_seconds: number
  alerts: readonly AlertRow[]
  as_of: number
  calls: ApiUse | null
}

export interface RefreshPlots {
  start: number
  end: number
  points: readonly (readonly [number, number | null, number | null, number | null, string])[]
  sampled: boolean
  outcomes: Series
  latency: Series
  timeout_seconds: number
  summary: string
  as_of: number
}

export interface SignInDay {
  day: string
  success: number
  failed: number
}

export interface User {
  subject: string
  issuer: string
  name: string | null
  sessions: readonly SessionRow[]
  sign_ins: readonly SignInDay[]
  alerts: readonly AlertRow[]
  audit: readonly AuditRow[]
  as_of: number
}

export interface Posture {
  rows: readonly PostureRow[]
  counts: Record<string, number>
  as_of: number
}

export interface ChainStatus {
  verified_at: number | null
  verified_to: number
  entries: number
  intact: boolean
  findings: readonly string[]
  dropped: number
  as_of: number
}

export interface EndRequest {
  reason: string
  refs?: readonly string[]
  subject?: string | null
  filter?: string | null
  everybody?: boolean
  expected?: number | null
}

export interface Receipt {
  ref: string
  subject: string | null
  deleted: boolean
  revocation: 'revoked' | 'failed' | 'unsupported' | 'pending' | 'none' | 'unknown'
  stays_valid_seconds: number
  own: boolean
}

export interface EndAnswer {
  ended: number
  receipts: readonly Receipt[]
  stays_valid_seconds: number
  note: string
  job: string | null
}

export interface EndJob {
  id: string
  status: 'running' | 'interrupted' | 'done'
  by: string
  reason: string
  total: number
  done: number
  ended: number
  began_at: number
  updated_at: number
  finished_at: number | null
  stays_valid_seconds: number
  note: string
  as_of: number
}

export interface EndJobs {
  jobs: readonly EndJob[]
  as_of: number
}

export interface AlertDecision {
  status: AlertStatus
  note?: string
}

export interface MuteRequest {
  rule: string
  seconds: number
  group?: string
  note?: string
}

export interface Mutes {
  mutes: readonly Mute[]
}

export interface Hit {
  kind: 'session' | 'user' | 'request' | 'address'
  label: string
  to: string
}

export interface Hits {
  hits: readonly Hit[]
}
