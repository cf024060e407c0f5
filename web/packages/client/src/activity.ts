/** Somebody typed or clicked. No `mousemove`: a bumped desk is not intent. */
export function onActivity(acted: () => void, signal: AbortSignal): void {
  for (const type of ['keydown', 'pointerdown', 'paste', 'compositionend'])
    addEventListener(type, acted, { capture: true, passive: true, signal })
}
