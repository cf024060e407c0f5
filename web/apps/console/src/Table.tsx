import { useState, type ReactNode } from 'react'
import { download } from './client'
import { Empty } from './marks'

export interface Column<Row> {
  readonly name: string
  /** Right-aligned figures. */
  readonly figure?: boolean
  readonly cell: (row: Row) => ReactNode
}

export interface TableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  /** Null until the first answer has come. */
  readonly rows: readonly Row[] | null
  readonly error: Error | null
  readonly keyOf: (row: Row) => string
  readonly empty: ReactNode
  /** The rows that match in all; what is shown may be fewer. */
  readonly total?: number | undefined
  readonly onMore?: (() => void) | undefined
  readonly onRetry: () => void
  /** Addresses where the same rows can be fetched as files. */
  readonly exports?: Readonly<Record<string, string>>
}

const figures = new Intl.NumberFormat('en', { useGrouping: true })

/** One table with its loading, empty and error states, how much of it is shown, and its export. */
export function Table<Row>(props: TableProps<Row>) {
  const { rows, error } = props
  return (
    <div className="table">
      {error !== null && <Trouble error={error} onRetry={props.onRetry} />}
      {rows === null ? error === null && <Waiting /> : rows.length === 0 ? <Empty>{props.empty}</Empty> : <Rows {...props} rows={rows} />}
      <Foot {...props} />
    </div>
  )
}

/** Roles are spelt out: narrow windows show each row as a block, and blocks would lose them. */
function Rows<Row>({ caption, columns, rows, keyOf }: TableProps<Row> & { rows: readonly Row[] }) {
  return (
    <div className="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table role="table" className="stacks">
        <caption className="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.name} role="columnheader" scope="col" className={column.figure ? 'figure' : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row" tabIndex={-1}>
              {columns.map((column) => (
                <td key={column.name} role="cell" data-name={column.name} className={column.figure ? 'figure' : undefined}>
                  <div>{column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Foot<Row>({ rows, total, onMore, exports }: TableProps<Row>) {
  if (rows === null || rows.length === 0) return null
  return (
    <div className="foot">
      <span>
        showing {figures.format(rows.length)}
        {total !== undefined && ` of ${figures.format(total)}`}
      </span>
      {onMore && (
        <button type="button" onClick={onMore}>
          Show more
        </button>
      )}
      {exports && Object.entries(exports).map(([name, path]) => <Export key={name} name={name} path={path} />)}
    </div>
  )
}

/** The whole list as a file. A plain link could not carry the header that the API asks for. */
function Export({ name, path }: { name: string; path: string }) {
  const [state, setState] = useState<'ready' | 'busy' | 'failed'>('ready')
  return (
    <button
      type="button"
      className="quiet"
      disabled={state === 'busy'}
      onClick={() => {
        setState('busy')
        download(path).then(
          () => setState('ready'),
          () => setState('failed'),
        )
      }}
    >
      {state === 'busy' ? `${name}…` : state === 'failed' ? `${name} failed, again` : name}
    </button>
  )
}

function Waiting() {
  return (
    <div className="waiting" role="status">
      <span className="unseen">Loading</span>
      {[0, 1, 2, 3].map((line) => (
        <div key={line} className="skeleton" />
      ))}
    </div>
  )
}

export function Trouble({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const id = 'requestId' in error && typeof error.requestId === 'string' ? error.requestId : null
  return (
    <div className="trouble" role="alert">
      <p>
        {error.message}
        {id !== null && (
          <>
            {' '}
            <code>{id}</code>
          </>
        )}
      </p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}
