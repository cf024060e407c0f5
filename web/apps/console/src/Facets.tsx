import { asksFor, toggled } from './lists'
import { useQuery } from './router'
import { exact, useZone } from './time'

const figures = new Intl.NumberFormat('en')

/** One filter as chips that can be pressed, each with how many rows it would leave. */
export function Facet({ name, parameter, values, counts, words = {} }: { name: string; parameter: string; values: readonly string[]; counts?: Readonly<Record<string, number>> | undefined; words?: Readonly<Record<string, string>> }) {
  const [query, change] = useQuery()
  const chosen = query.get(parameter) ?? ''
  return (
    <fieldset className="facet">
      <legend>{name}</legend>
      {values.map((value) => (
        <button key={value} type="button" className="quiet" aria-pressed={chosen === value} onClick={() => change({ [parameter]: chosen === value ? '' : value })}>
          {words[value] ?? value.replaceAll('_', ' ')}
          {counts?.[value] !== undefined && <span className="muted"> {figures.format(counts[value])}</span>}
        </button>
      ))}
    </fieldset>
  )
}

/** One term of the query box as chips: what they do can be read, and changed, in the box. */
export function TermFacet({ name, field, values, counts, words = {} }: { name: string; field: string; values: readonly string[]; counts?: Readonly<Record<string, number>> | undefined; words?: Readonly<Record<string, string>> }) {
  const [query, change] = useQuery()
  const q = query.get('q') ?? ''
  return (
    <fieldset className="facet">
      <legend>{name}</legend>
      {values.map((value) => (
        <button key={value} type="button" className="quiet" aria-pressed={asksFor(q, field, value)} onClick={() => change({ q: toggled(q, field, value) })}>
          {words[value] ?? value}
          {counts !== undefined && <span className="muted"> {figures.format(counts[value] ?? 0)}</span>}
        </button>
      ))}
    </fieldset>
  )
}

/** A filter that is typed; it applies on Enter or when the field is left. */
export function TypedFilter({ name, parameter, placeholder, wide }: { name: string; parameter: string; placeholder: string; wide?: boolean }) {
  const [query, change] = useQuery()
  const value = query.get(parameter) ?? ''
  return (
    <form
      className={wide ? 'typed wide' : 'typed'}
      onSubmit={(event) => {
        event.preventDefault()
        change({ [parameter]: String(new FormData(event.currentTarget).get('value') ?? '').trim() })
      }}
    >
      <label>
        <span>{name}</span>
        <input key={value} name="value" type="search" defaultValue={value} placeholder={placeholder} onBlur={(event) => change({ [parameter]: event.currentTarget.value.trim() })} />
      </label>
    </form>
  )
}

/** One filter as a list to choose from. */
export function Choice({ name, parameter, values }: { name: string; parameter: string; values: readonly string[] }) {
  const [query, change] = useQuery()
  return (
    <label>
      <span>{name}</span>
      <select value={query.get(parameter) ?? ''} onChange={(event) => change({ [parameter]: event.currentTarget.value })}>
        <option value="">any</option>
        {values.map((value) => <option key={value}>{value}</option>)}
      </select>
    </label>
  )
}

/** A filter by age. The address holds the moment, not the span, so that it means the same to whoever opens it later. */
export function Moment({ name, parameter, spans, now }: { name: string; parameter: string; spans: Readonly<Record<string, number>>; now: number }) {
  const [query, change] = useQuery()
  const chosen = query.get(parameter)
  const [zone] = useZone()
  const choose = (seconds: string): void => change({ [parameter]: seconds === '' ? '' : String(Math.floor(now) - Number(seconds)) })
  return (
    <label>
      <span>{name}</span>
      <select value={chosen === null ? '' : 'chosen'} disabled={now === 0} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">any</option>
        {chosen !== null && <option value="chosen">{exact(Number(chosen) || 0, zone)}</option>}
        {Object.entries(spans).map(([words, seconds]) => <option key={seconds} value={seconds}>{words}</option>)}
      </select>
    </label>
  )
}
