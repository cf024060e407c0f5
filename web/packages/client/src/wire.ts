import type { EndReason } from './types.js'
export type { EndReason }
