export { createBffClient } from './client.js'
export { BffError, readProblem } from './problem.js'
export { messageFor } from './words.js'
export type { BffCode, BffErrorInfo } from './problem.js'
export type { Message } from './words.js'
export type {
  BeforeNavigate,
  BffClient,
  BffClientOptions,
  BffEvents,
  BffFetch,
  BffRequestInit,
  BffRequestOptions,
  Deadline,
  EndReason,
  LoginOptions,
  LogoutOptions,
  Replay,
  Session,
  SessionSnapshot,
  SessionStatus,
  SessionUser,
} from './types.js'
