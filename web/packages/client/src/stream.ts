import { post } from './announce.js'
import { check } from './check.js'
import { isVisible, listen } from './page.js'
import { on, type State } from './state.js'
import { checkSoon, onMessage } from './tabs.js'
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
const listenUntil = (s: State, signal: AbortSignal, opened: () => void, refused: () => void): Promise<void> =>
  new Promise((over) => {
    const stream = new EventSource(`${s.base}/events`)
    const end = () => {
      stream.close()
      over()
    }
    stream.onopen = opened
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
 * Session events pushed by the server, while somebody looks: one stream for all tabs of a browser where Web Locks exist and tabs can
 * tell each other, for under HTTP/1.1 six connections are all there are.
 */
export function watchEvents(s: State, life: AbortSignal): void {
  /** The session that is listened to. */
  let heard: string | undefined
  let listening: AbortController | undefined
  let refusals = 0
  const look = () => {
    const wanted = isVisible() && s.snapshot.status === 'authenticated' && !life.aborted ? s.pin : undefined
    if (wanted === heard) return
    heard = wanted
    listening?.abort()
    if (!wanted) return
    const mine = (listening = new AbortController())
    const again = () => {
      if (mine !== listening) return
      heard = undefined
      look()
    }
    const rest = () => void setTimeout(again, REST_MS * (1 + Math.random() / 5))
    // Perhaps there is another session now, or none: the server's word decides, and a good one is worth another try at once.
    const refused = () => void (refusals++ ? rest() : check(s, Infinity).then(again, rest))
    const work = () => listenUntil(s, mine.signal, () => (refusals = 0), refused)
    // Rejects when this tab stops waiting for its turn.
    if (s.channel && navigator.locks) navigator.locks.request(`bff:${s.base}`, { signal: mine.signal }, work).catch(ignore)
    else work()
  }
  on(s, 'change', look, life)
  listen('visibilitychange', look, life)
  life.addEventListener('abort', look)
  look()
}
