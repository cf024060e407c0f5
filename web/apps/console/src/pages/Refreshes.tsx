import { useMemo } from 'react'
import { Facet, TypedFilter } from '../Facets'
import { exportsOf, listPath, useList } from '../lists'
import { useLive } from '../live'
import { Plot, type Line } from '../Plot'
import { useQuery } from '../router'
import { refreshColumns } from '../rows'
import { OUTCOMES, columnsOf, pointColumns } from '../series'
import { Table, Trouble } from '../Table'
import type { RefreshPlots, RefreshRow } from '../wire'

const SPANS: Readonly<Record<string, string>> = { '-1h': 'last hour', '-24h': 'last day', '-7d': 'last 7 days' }
const LATENCY: readonly Line[] = [
  { label: 'p50', colour: '--accent', draw: 'line' },
  { label: 'p95', colour: '--warn', draw: 'line' },
  { label: 'time-out', colour: '--bad', draw: 'line', dash: true },
]

export function Refreshes() {
  const [query, change] = useQuery()
  const span = query.get('after') ?? '-24h'
  const filters = { outcome: query.get('outcome'), ref: query.get('ref'), subject: query.get('subject'), after: span }
  const path = listPath('/refreshes', filters)
  const list = useList<RefreshRow>(path)
  return (
    <>
      <div className="title">
        <h1>Refresh history</h1>
        <label className="inline">
          <span className="unseen">Time span</span>
          <select value={span} onChange={(event) => change({ after: event.currentTarget.value })}>
            {Object.entries(SPANS).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </label>
      </div>
      <Pictures path={listPath('/refreshes/plots', { after: span, ref: query.get('ref'), subject: query.get('subject') })} />
      <div className="filters">
        <Facet name="Outcome" parameter="outcome" values={['renewed', 'failed', 'unknown', 'refused']} counts={list.first?.facets['outcome']} />
        <TypedFilter name="User" parameter="subject" placeholder="Subject" />
        <TypedFilter name="Session" parameter="ref" placeholder="s_…" />
      </div>
      <Table
        caption="Refreshes"
        columns={refreshColumns(list.first?.as_of ?? 0)}
        rows={list.rows}
        error={list.error}
        keyOf={(row) => String(row.seq)}
        empty="Nothing was renewed in this time."
        total={list.first?.exact ? list.first.total : undefined}
        onMore={list.more}
        onRetry={list.reload}
        exports={exportsOf(path)}
      />
    </>
  )
}

function Pictures({ path }: { path: string }) {
  const { data, error, reload } = useLive<RefreshPlots>(path)
  const left = useMemo(() => (data === null ? [] : pointColumns(data.points, 1, OUTCOMES)), [data])
  const served = useMemo(() => (data === null ? [] : pointColumns(data.points, 3, OUTCOMES.slice(0, 1))), [data])
  const latency = useMemo(() => {
    if (data === null) return []
    const [times = [], ...columns] = columnsOf(data.latency, ['p50', 'p95'])
    return [times, ...columns.map((column) => column.map((value) => value || null)), times.map(() => data.timeout_seconds)]
  }, [data])
  if (error !== null && data === null) return <Trouble error={error} onRetry={reload} />
  if (data === null) return <div className="skeleton tall" />
  return (
    <>
      <Plot title="Seconds left when renewed" summary={`${data.summary} A healthy system is a flat band.${data.sampled ? ' A sample is shown.' : ''}`} lines={OUTCOMES} columns={left} unit="seconds left" />
      <div className="two">
        <Plot title="Provider latency" summary="How long the provider took, and where patience ends." lines={LATENCY} columns={latency} unit="seconds" height={170} log />
        <Plot title="Callers served by each refresh" summary="One request to the provider, however many calls waited for it." lines={OUTCOMES.slice(0, 1)} columns={served} unit="callers" height={170} />
      </div>
    </>
  )
}
