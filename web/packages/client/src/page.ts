/** Is anybody looking? */
export const isVisible = (): boolean => document.visibilityState !== 'hidden'

/** `false` is reliable, `true` is not (HTML, navigator.onLine). */
export const isOnline = (): boolean => navigator.onLine !== false
