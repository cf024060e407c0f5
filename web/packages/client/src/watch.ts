import { check, warnMs } from './check.js'
import { lookAt, timeJumped } from './deadline.js'
import { isAwake, isVisible, listen } from './page.js'
import { emit, on, type State } from './state.js'
import { cover } from './veil.js'
import { ignore } from './wait.js'

/** Looks at the clock, asks the server when it is time, and looks again later; and whenever somebody comes back. */
export function watchTime(s: State, life: AbortSignal): void {
  let at = s.now()
  let perf = performance.now()
  let plannedMs = 0
  let timer: ReturnType<typeof setTimeout>
  let warned = false

  const look = () => {
    clearTimeout(timer)
    const { now, snapshot, options } = s
    const expiring = snapshot.status === 'authenticated' && snapshot.expiring
    if (expiring && !warned) emit(s, 'expiring', snapshot.session)
    warned = expiring
    const passedMs = now() - at
    const perfMs = performance.now() - perf
    at += passedMs
    perf += perfMs
    s.stale ||= timeJumped(passedMs, perfMs, plannedMs)
    const pollMs = options.pollMs ?? 60_000
    const pollInMs = snapshot.session && pollMs ? s.heardAt + pollMs - at : Infinity
    const [due, nextMs] = lookAt(snapshot, at, warnMs(s), pollInMs)
    plannedMs = nextMs
    timer = setTimeout(look, nextMs)
    // Over, by our clock, which is no authority.
    if (snapshot.status === 'authenticated' && !snapshot.covered && snapshot.session.deadline.at <= at) cover(s)
    if (!due && !(isAwake() && (s.stale || pollInMs <= 0))) return
    check(s).catch(ignore)
  }
  on(s, 'change', look, life)
  listen('visibilitychange resume focus', () => isVisible() && look(), life)
  life.addEventListener('abort', () => clearTimeout(timer))
  look()
}
