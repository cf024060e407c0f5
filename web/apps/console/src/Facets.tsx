import { useQuery } from './router'

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
