/** `1:05`, `12:00:00`, `6 d 23:59:59`; never negative. */
export function clock(seconds: number): string {
  const left = Math.max(0, Math.floor(seconds))
  const days = Math.floor(left / 86_400)
  const hours = Math.floor((left % 86_400) / 3600)
  const minutes = Math.floor((left % 3600) / 60)
  const two = (value: number) => String(value).padStart(2, '0')
  const time = hours || days ? `${two(hours)}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`
  return days ? `${days} d ${time}` : time
}

export const day = (iso: string): string =>
  new Date(`${iso}T00:00:00Z`).toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

/** What would give a credential away: the shape of a signed one, or a bearer header. */
export const looksSecret = (text: string): boolean => /eyJ[A-Za-z0-9_-]{8,}\.eyJ|Bearer\s+\S{16,}/.test(text)

/** `3 minutes ago`; the past only. */
export function ago(unixSeconds: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round(nowMs / 1000 - unixSeconds))
  const [count, unit] = seconds < 60 ? [seconds, 'second'] : seconds < 3600 ? [Math.floor(seconds / 60), 'minute'] : seconds < 86_400 ? [Math.floor(seconds / 3600), 'hour'] : [Math.floor(seconds / 86_400), 'day']
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}

/** `1.5 MB`, in powers of a thousand. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${+(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`
}
