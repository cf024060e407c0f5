import type { TabMessage } from './messages.js'
import type { State } from './state.js'

/** Without BroadcastChannel (a very old browser) everything is still safe, by the pinned requests, only later. */
export const openChannel = ({ base }: State): BroadcastChannel | undefined =>
  globalThis.BroadcastChannel && new BroadcastChannel(`bff:${location.origin}${base}`)

/** Tell the other tabs. */
export function post(s: State, t: TabMessage['t'], left?: number): void {
  s.channel?.postMessage({ v: 1, t, ref: s.pin, left } satisfies TabMessage)
}
