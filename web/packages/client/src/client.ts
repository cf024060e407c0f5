import type { BffClient, BffClientOptions, SessionUser } from './types.js'

export declare function createBffClient<U extends SessionUser = SessionUser>(options?: BffClientOptions): BffClient<U>
