import { Copy } from './Copy'
import { useQuery } from './router'

const STEPS: readonly (readonly [number, Intl.RelativeTimeFormatUnit])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** "3 min. ago", "in 2 hr." */
export function relative(at: number, now: number): string {
  const distance = at - now
  for (const [size, unit] of STEPS) {
    if (Math.abs(distance) >= size) return words.format(Math.trunc(distance / size), unit)
  }
  return 'now'
}

/** "2 h 05 min", "14 min 09 s", "9 s"; never negative. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (part: number): string => String(part).padStart(2, '0')
  if (whole >= 172_800) return `${Math.floor(whole / 86_400)} d ${two(Math.floor((whole % 86_400) / 3_600))} h`
  if (whole >= 3_600) return `${Math.floor(whole / 3_600)} h ${two(Math.floor((whole % 3_600) / 60))} min`
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  return `${whole} s`
}

/** `at` (Unix seconds) as "2026-11-25 19:04:33 UTC", or with the browser's own zone. */
export function exact(at: number, zone: Zone): string {
  const date = new Date(at * 1000)
  if (zone === 'UTC') return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const local = new Date(at * 1000 - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ')
  const minutes = -date.getTimezoneOffset()
  const sign = minutes < 0 ? '-' : '+'
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${local} ${sign}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

export type Zone = 'UTC' | 'local'

/** The zone in which exact times are written, and a switch for it; it is in the address, so that a colleague reads the same. */
export function useZone(): [Zone, () => void] {
  const [query, change] = useQuery()
  const zone = query.get('times') === 'local' ? 'local' : 'UTC'
  return [zone, () => change({ times: zone === 'UTC' ? 'local' : '' })]
}

/** A moment: relative for the eye, exact on hover and for the clipboard. `now` is the server's clock. */
export function When({ at, now }: { at: number | null; now: number }) {
  const [where] = useZone()
  if (at === null) return <span className="muted">never</span>
  const text = exact(at, where)
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={text}>
      {relative(at, now)}
      <Copy text={text} />
    </time>
  )
}
