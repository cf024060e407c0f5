import { isVisible } from './visibility.js'

export interface PageEvents {
  /** Somebody may be looking again, or the computer woke up. */
  woke(): void
  online(): void
  offline(): void
  /** Into the back/forward cache, and out of it. */
  frozen(): void
  thawed(): void
}

export function onPageEvents(events: PageEvents, signal: AbortSignal): void {
  const wake = () => isVisible() && events.woke()
  for (const type of ['visibilitychange', 'resume']) document.addEventListener(type, wake, { signal })
  addEventListener('focus', wake, { signal })
  addEventListener('online', events.online, { signal })
  addEventListener('offline', events.offline, { signal })
  addEventListener('pagehide', ({ persisted }) => persisted && events.frozen(), { signal })
  addEventListener('pageshow', ({ persisted }) => (persisted ? events.thawed() : wake()), { signal })
}
