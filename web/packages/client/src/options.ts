import type { BffClientOptions, BffFetch } from './types.js'

/** The options with every default filled in. */
export interface Settings {
  readonly base: string
  readonly apiPaths: readonly string[]
  readonly warnBeforeMs: number
  readonly pollMs: number
  readonly followsInput: boolean
  readonly queueMax: number
  readonly queueTimeoutMs: number
  readonly attempts: number
  readonly maxDelayMs: number
  readonly sync: boolean
  readonly veil: boolean
  readonly fetch: BffFetch
  readonly now: () => number
  readonly log: (event: string, data?: object) => void
}

/** A refused CSRF check is a mistake in the set-up: without a logger the console hears of it. */
const loudly = (event: string, data?: object) => {
  if (event === 'csrf_failed') console.error('bff:', event, data)
}

export function settingsOf(o: BffClientOptions): Settings {
  return {
    base: o.basePath ?? '/bff',
    apiPaths: o.apiPaths ?? ['/api'],
    warnBeforeMs: o.warnBeforeMs ?? 120_000,
    pollMs: o.pollMs === false ? Infinity : (o.pollMs ?? 60_000),
    followsInput: o.activity !== 'requests',
    queueMax: o.queue?.max ?? 100,
    queueTimeoutMs: o.queue?.timeoutMs ?? 30_000,
    attempts: o.retry?.attempts ?? 1,
    maxDelayMs: o.retry?.maxDelayMs ?? 5_000,
    sync: o.sync ?? true,
    veil: o.veil ?? true,
    // Looked up at each call: `fetch` must keep its receiver, and may be replaced by a test or a monitor.
    fetch: o.fetch ?? ((input, init) => fetch(input, init)),
    now: o.now ?? Date.now,
    log: o.logger ?? loudly,
  }
}
