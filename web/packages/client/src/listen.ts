/** `types` is a list separated by spaces. Ends with `signal`. */
export function listen(target: EventTarget, types: string, act: (event: any) => void, signal?: AbortSignal): void {
  for (const type of types.split(' ')) target.addEventListener(type, act, { signal: signal!, capture: true })
}
