/** Short waits are nobody's business. */
const QUIET_MS = 400

/** Wraps promises; `show(true)` once one has lasted a while, `show(false)` when none is left. */
export function createBusy(show: (busy: boolean) => void): <T>(work: Promise<T>) => Promise<T> {
  let count = 0
  let timer: ReturnType<typeof setTimeout>
  return async (work) => {
    if (!count++) timer = setTimeout(show, QUIET_MS, true)
    try {
      return await work
    } finally {
      if (!--count) {
        clearTimeout(timer)
        show(false)
      }
    }
  }
}
