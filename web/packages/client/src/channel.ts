import { readMessage, type TabMessage } from './messages.js'

export interface Channel {
  post(t: TabMessage['t'], ref?: string, left?: number): void
  close(): void
}

/** The other tabs of this application. A browser without BroadcastChannel is still safe, by the pinned requests, only later. */
export function openChannel(base: string, heard: (message: TabMessage) => void): Channel {
  const name = `bff:${location.origin}${base}`
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name)
  if (channel) {
    channel.onmessage = ({ data }) => {
      const message = readMessage(data)
      if (message) heard(message)
    }
  }
  return {
    post: (t, ref, left) => channel?.postMessage({ v: 1, t, ref, left }),
    close: () => channel?.close(),
  }
}
