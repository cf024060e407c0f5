export interface Veil {
  /** Hide the page at once, keep everything in it. */
  cover(): void
  /** Show it again, if `since` (when the question was asked) is not before the covering. */
  lift(since: number): void
}

/** Covers a page that may belong to nobody any more, until the server has answered. Dialogs in the top layer stay visible. */
export function createVeil(enabled: boolean, now: () => number): Veil {
  let coveredAt = Infinity
  const show = (visible: boolean) => {
    const root = document.documentElement
    root.inert = !visible
    root.style.opacity = visible ? '' : '0'
  }
  return {
    cover() {
      if (!enabled) return
      coveredAt = now()
      show(false)
    },
    lift(since) {
      if (since < coveredAt) return
      coveredAt = Infinity
      show(true)
    },
  }
}
