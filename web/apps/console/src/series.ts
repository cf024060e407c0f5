import type { Columns, Line } from './Plot'
import type { RefreshPlots, Series } from './wire'

/** The times of a series, then one column for each name; a name the series does not have is all zero. */
export function columnsOf(series: Series, names: readonly string[]): Columns {
  const length = Math.max(0, ...Object.values(series.counts).map((column) => column.length))
  const times = Array.from({ length }, (_, index) => series.start + index * series.step)
  return [times, ...names.map((name) => series.counts[name] ?? times.map(() => 0))]
}

/** The same, stacked: each column holds its own and all later ones, so that drawing them in order leaves each visible. */
export function stackedColumns(series: Series, names: readonly string[]): Columns {
  const [times = [], ...columns] = columnsOf(series, names)
  const stacked = columns.map((_, index) => times.map((__, at) => columns.slice(index).reduce((sum, column) => sum + (column[at] ?? 0), 0)))
  return [times, ...stacked]
}

export const OUTCOMES: readonly Line[] = [
  { label: 'renewed', colour: '--good', draw: 'points' },
  { label: 'failed', colour: '--warn', draw: 'points' },
  { label: 'unknown', colour: '--busy', draw: 'points' },
  { label: 'refused', colour: '--bad', draw: 'points' },
]

/** Points by outcome: one of the three figures of each renewal, over time. */
export function pointColumns(points: RefreshPlots['points'], figure: 1 | 2 | 3, lines: readonly Line[]): Columns {
  const sorted = [...points].sort((one, other) => one[0] - other[0])
  return [sorted.map((point) => point[0]), ...lines.map((line) => sorted.map((point) => (point[4] === line.label ? point[figure] : null)))]
}
