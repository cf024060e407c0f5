import { useEffect } from 'react'
import { useLive } from '../live'
import { Empty } from '../marks'
import { Link, go } from '../router'
import { Trouble } from '../Table'
import type { Hits } from '../wire'

/** What a word leads to; a single find is gone to at once. */
export function Search({ text }: { text: string }) {
  const { data, error, reload } = useLive<Hits>(`/search?q=${encodeURIComponent(text)}`)
  const only = data?.hits.length === 1 ? data.hits[0]?.to : undefined
  useEffect(() => {
    if (only !== undefined) go(only)
  }, [only])
  return (
    <>
      <h1>Search for “{text}”</h1>
      {error !== null && <Trouble error={error} onRetry={reload} />}
      {data === null && error === null && <div className="skeleton" role="status" aria-label="Searching" />}
      {data?.hits.length === 0 && <Empty>Nothing is known by that name: no session, user, address or request.</Empty>}
      {data !== null && data.hits.length > 1 && (
        <ul className="plainly card">
          {data.hits.map((hit) => (
            <li key={hit.kind + hit.to}>
              <Link to={hit.to}>{hit.label}</Link> <span className="muted">{hit.kind}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
