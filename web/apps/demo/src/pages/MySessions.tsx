import { useCallback, useEffect, useState } from 'react'
import { ask, useSession } from '../client'
import { ago } from '../format'
import { Skeletons } from '../parts'

interface Mine {
  readonly ref: string
  readonly current: boolean
  readonly created_at: number
  readonly last_seen_at: number
  readonly device?: string | null
  readonly network?: string | null
}

/** Where this person is signed in; each can be ended from here. */
export function MySessions() {
  const { session } = useSession()
  const [mine, setMine] = useState<readonly Mine[] | null>(null)
  const [said, say] = useState('')
  const look = useCallback(async () => {
    const answer = await ask('/bff/sessions').catch(() => null)
    if (answer?.ok) setMine(((await answer.json()) as { sessions: readonly Mine[] }).sessions)
    else say('The list could not be loaded.')
  }, [])
  useEffect(() => void look(), [look, session?.ref])

  async function end(what: object): Promise<void> {
    const answer = await ask('/bff/sessions/end', 'POST', what).catch(() => null)
    say(answer?.ok ? 'Ended. That page says so within a second.' : 'Nothing was ended. Please try again.')
    await look()
  }

  const others = mine?.filter(({ current }) => !current).length ?? 0
  return (
    <section className="panel" aria-labelledby="mine">
      <h2 id="mine">Where you are signed in</h2>
      {!mine && !said && <Skeletons label="Loading your sessions" count={2} tall />}
      <ul className="lines" data-testid="my-sessions">
        {mine?.map(({ ref, current, created_at, last_seen_at, device, network }) => (
          <li key={ref}>
            <strong>{device || 'Unknown device'}</strong>
            {current && <span className="badge good">this one</span>}
            <span className="muted own-line">
              {network && `${network} · `}since {ago(created_at, Date.now())} · seen {ago(last_seen_at, Date.now())}
            </span>
            {!current && (
              <button type="button" className="quiet small" onClick={() => void end({ ref })}>
                End it<span className="unseen">: {device || 'unknown device'}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {others > 0 && (
        <button type="button" onClick={() => void end({ others: true })}>
          End all others
        </button>
      )}
      <p role="status">{said}</p>
    </section>
  )
}
