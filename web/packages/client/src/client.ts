import { check } from './check.js'
import { login } from './login.js'
import { logout } from './logout.js'
import { isOurs, send } from './send.js'
import { more, start, stop } from './start.js'
import { createState, on } from './state.js'
import type { BffClient, BffClientOptions, SessionUser } from './types.js'
import { abortable } from './wait.js'

/** One client for one page. Does nothing until it is first subscribed to or asked for something. */
export function createBffClient<U extends SessionUser = SessionUser>(options: BffClientOptions = {}): BffClient<U> {
  const s = createState(options)
  const begin = () => start(s)
  const client: BffClient = {
    async fetch(input, init = {}) {
      const { bff, ...native } = init
      if (!globalThis.document || !isOurs(input, options.apiPaths ?? ['/api'])) return s.fetch(input, native)
      begin()
      return send(s, input, native, bff)
    },
    getSnapshot: () => s.snapshot,
    subscribe(listener) {
      begin()
      return on(s, 'change', listener)
    },
    async session({ fresh, signal } = {}) {
      begin()
      const { status, session } = s.snapshot
      const known = status !== 'loading' && !(session && session.deadline.at <= s.now())
      return known && !fresh ? session : abortable(check(s, fresh ? Infinity : 0), signal)
    },
    async extend() {
      begin()
      return (await more()).extend(s)
    },
    hold: s.gate.hold,
    login: (how) => login(s, how),
    async logout(how) {
      begin()
      return logout(s, how)
    },
    on: (event, handler) => on(s, event, handler),
    dispose: () => stop(s),
  }
  // What the server says of the person is believed to be a U: it alone knows.
  return client as unknown as BffClient<U>
}
