import { checkSoon } from './check.js'
import { isVisible, listen } from './page.js'
import { on, type State } from './state.js'
import { onMessage, post } from './tabs.js'
import { ignore } from './wait.js'

/** A server that has no stream, or none to spare, is asked again after so long. Meanwhile the page polls, as it always does. */
const REST_MS = 60_000

/** What the server says about the session: a hint like those of other tabs. */
function hear(s: State, type: string, data: string): void {
  const { ref, reason } = JSON.parse(data || '{}')
  s.options.logger?.(`event_${type}`, { reason })
  if (type === 'ended') onMessage(s, { v: 1, t: type, ref, reason })
  else if (type === 'changed') {
    checkSoon(s)
    // Only one tab listens to the server.
    post(s, type)
  } else if (type === 'hello' ? ref !== s.pin : s.snapshot.degraded) checkSoon(s)
}

/** Listens until `signal` is aborted or the server will not speak. */
const listenUntil = (s: State, signal: AbortSignal, refused: () => void): Promise<void> =>
  new Promise((over) => {
    const stream = new EventSource(`${s.base}/events`)
    const end = () => {
      stream.close()
      over()
    }
    // Lost connections it renews by itself.
    stream.onerror = () => {
      if (stream.readyState < 2) return
      refused()
      end()
    }
    for (const type of ['hello', 'ended', 'changed', 'refreshed'])
      stream.addEventListener(type, ({ data }) => signal.aborted || hear(s, type, data))
    signal.addEventListener('abort', end)
  })

/**
 * Session events pushed by the server, while somebody looks: one stream for all tabs of a browser where Web Locks exist, for under
 * HTTP/1.1 six connections are all there are.
 */
export function watchEvents(s: State, life: AbortSignal): void {
  let listening: AbortController | undefined
  const look = () => {
    const wanted = isVisible() && s.snapshot.status === 'authenticated' && !life.aborted
    if (wanted === !!listening) return
    listening?.abort()
    listening = undefined
    if (!wanted) return
    const mine = (listening = new AbortController())
    const { signal } = mine
    const again = () => {
      if (listening === mine) listening = undefined
      look()
    }
    const refused = () => void setTimeout(again, REST_MS * (1 + Math.random() / 5))
    const work = () => listenUntil(s, signal, refused)
    // Rejects when this tab stops waiting for its turn.
    if (navigator.locks) navigator.locks.request(`bff:${s.base}`, { signal }, work).catch(ignore)
    else work()
  }
  const leave = on(s, 'change', look)
  listen('visibilitychange', look, life)
  life.addEventListener('abort', () => (leave(), look()))
}
