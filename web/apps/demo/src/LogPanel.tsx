import { useState } from 'react'
import { Icon } from './icons'
import { clearLog, useLog, type Entry } from './log'

/** Makes the invisible visible: every attempt, what the BFF said of it, and how long the client kept it waiting. */
export function LogPanel() {
  const entries = useLog()
  const [open, setOpen] = useState(false)
  const newest = entries[0]
  return (
    <aside className={open ? 'log open' : 'log'} aria-label="Request log">
      <div className="log-bar">
        <button type="button" className="log-toggle" aria-expanded={open} aria-controls="log-table" onClick={() => setOpen(!open)}>
          <Icon name="list" />
          <span>Request log</span>
          <span className="count">{entries.length}</span>
          {newest && !open && (
            <span className="log-last" aria-hidden="true">
              {newest.method} {newest.path}
              <Status entry={newest} />
            </span>
          )}
        </button>
        {open && (
          <button type="button" className="quiet small" onClick={clearLog}>
            Clear
          </button>
        )}
      </div>
      {open && (
        <div className="scroll" id="log-table" role="region" aria-label="Requests, the newest first" tabIndex={0}>
          <table className="log-table">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Request</th>
                <th scope="col">Status</th>
                <th scope="col">BFF-Error</th>
                <th scope="col">Replayed</th>
                <th scope="col" className="number">
                  Waited
                </th>
                <th scope="col" className="number">
                  Took
                </th>
                <th scope="col">Pinned to</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <Row key={entry.id} entry={entry} />
              ))}
              {entries.length === 0 && (
                <tr>
                  <td colSpan={8}>Nothing yet.</td>
                </tr>
              )}
            </tbody>
          </table>
        </div>
      )}
    </aside>
  )
}

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const ms = (value: number | null): string => (value === null ? '…' : `${Math.round(value)} ms`)

function Row({ entry }: { entry: Entry }) {
  return (
    <tr data-testid="log-row">
      <td>{TIME.format(entry.at)}</td>
      <td className="log-request">
        <strong>{entry.method}</strong> {entry.path}
      </td>
      <td>
        <Status entry={entry} />
      </td>
      <td>
        {entry.error ? <code>{entry.error}</code> : <span className="muted">none</span>}
        {entry.forwarded && <span className="muted"> forwarded: {entry.forwarded}</span>}
      </td>
      <td>{entry.attempt > 1 ? <span className="badge warn">attempt {entry.attempt}</span> : <span className="muted">no</span>}</td>
      <td className="number">{ms(entry.waited)}</td>
      <td className="number">{ms(entry.ms)}</td>
      <td>
        <code>{entry.pin || '–'}</code>
      </td>
    </tr>
  )
}

function Status({ entry: { status } }: { entry: Entry }) {
  const kind = status === null ? 'wait' : status === 0 || status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'good'
  return <span className={`badge ${kind}`}>{status === null ? 'under way' : status === 0 ? 'no answer' : status}</span>
}
