import type { ReactNode } from 'react'
import { clockOf, useSecondsTo } from './countdown.js'
import { Retry } from './modal.js'
import { useSession, useWords } from './provider.js'

/** Says when something does not answer, that the session is not affected, and how long until the next try. */
export function SessionBanner(): ReactNode {
  const { degraded, retryAt } = useSession()
  const message = useWords()
  const left = useSecondsTo(degraded && retryAt)
  const words = degraded && message(degraded)
  return (
    // Always there: what appears together with its words is not read aloud.
    <div role="status" className="bff-banner">
      {words && (
        <>
          <strong>{words.title}</strong>
          <span>{words.detail}</span>
          {/* For the eye only: a number that is read aloud every second is noise. */}
          <span aria-hidden>{left ? `Retrying in ${clockOf(left)}` : 'Retrying…'}</span>
          <Retry />
        </>
      )}
    </div>
  )
}
