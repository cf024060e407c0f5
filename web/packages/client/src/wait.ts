export const ignore = (): void => {}

/** `work`, or the signal's reason as soon as it is aborted. */
export const abortable = <T>(work: Promise<T>, signal?: AbortSignal | null): Promise<T> =>
  signal
    ? Promise.race([
        work,
        new Promise<never>((_, reject) => {
          signal.throwIfAborted()
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
      ])
    : work

export const sleep = (ms: number, signal?: AbortSignal | null): Promise<void> =>
  abortable(new Promise((resolve) => setTimeout(resolve, ms)), signal)
