/** Is anybody looking? */
export const isVisible = (): boolean => !document.hidden

/** Looking, and with a network: `onLine` is reliable when it is false only (HTML, navigator.onLine). */
export const isAwake = (): boolean => isVisible() && navigator.onLine !== false

/** `types` is a list separated by spaces. Captures, so events of the document and of elements are heard too. Ends with `signal`. */
export function listen(types: string, act: (event: any) => void, signal: AbortSignal): void {
  types.split(' ').map((type) => addEventListener(type, act, { signal, capture: true }))
}
