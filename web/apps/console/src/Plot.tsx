import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { useQuery } from './router'
import { exact, useZone, type Zone } from './time'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export type Columns = readonly (readonly (number | null)[])[]

export interface Line {
  readonly label: string
  /** A custom property of the stylesheet, for example `--good`. */
  readonly colour: string
  readonly draw: 'line' | 'points' | 'bars'
  readonly dash?: boolean
}

interface PlotProps {
  readonly title: string
  /** One sentence that says what the picture shows. */
  readonly summary: string
  readonly lines: readonly Line[]
  /** The first column is time in Unix seconds, then one column for each line. */
  readonly columns: Columns
  readonly unit: string
  readonly height?: number
  /** A logarithmic scale, for figures that lie far apart. */
  readonly log?: boolean
  readonly bands?: readonly { readonly start: number; readonly end: number }[]
}

/** A picture, a sentence, and the same figures as a table. */
export function Plot(props: PlotProps): ReactNode {
  const [asTable, toggle] = useAsTable(props.title)
  const id = useId()
  const measured = hasFigures(props)
  return (
    <figure className="card plot" aria-labelledby={id}>
      <div className="title">
        <h2 id={id}>{props.title}</h2>
        {measured && (
          <button type="button" className="quiet" aria-pressed={asTable} onClick={toggle}>
            {asTable ? 'Show as picture' : 'Show as table'}
          </button>
        )}
      </div>
      <figcaption className="muted">{props.summary}</figcaption>
      {!measured ? <p className="empty">Nothing in this time.</p> : asTable ? <AsTable {...props} /> : <Canvas {...props} />}
    </figure>
  )
}

/**
 * Whether there is anything to draw: axes alone mean nothing. A dashed line is a limit, not a figure; a point at zero is a
 * figure (renewed at the last moment), a count of zero is none.
 */
export function hasFigures({ lines, columns }: Pick<PlotProps, 'lines' | 'columns'>): boolean {
  return lines.some((line, at) => !line.dash && (columns[at + 1] ?? []).some((value) => (line.draw === 'points' ? value !== null : Boolean(value))))
}

/** Whether the plot of this title is shown as a table. The address says so (`table=`, one or several), so that it can be sent on. */
function useAsTable(title: string): [boolean, () => void] {
  const [query, change] = useQuery()
  const name = title.toLowerCase().replaceAll(' ', '-')
  const shown = (query.get('table') ?? '').split(' ').filter(Boolean)
  const others = shown.filter((one) => one !== name)
  const here = others.length < shown.length
  return [here, () => change({ table: (here ? others : [...others, name]).join(' ') })]
}

function Canvas({ lines, columns, unit, height = 200, bands = [], log = false }: PlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const scheme = useScheme()
  const [zone] = useZone()
  const shape = lines.map((line) => `${line.label} ${line.colour} ${line.draw}`).join('|')
  const outages = useRef(bands)
  outages.current = bands
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const font = `12px ${getComputedStyle(element).fontFamily}`
    const probe = (name: string): string => resolved(element, name)
    const made = new uPlot(
      {
        width: element.clientWidth || 600,
        height,
        tzDate: (at) => (zone === 'UTC' ? uPlot.tzDate(new Date(at * 1000), 'Etc/UTC') : new Date(at * 1000)),
        legend: { live: true },
        cursor: { drag: { x: false, y: false } },
        scales: { y: log ? { distr: 3 } : { range: (_, low, high) => [Math.min(0, low), high > low ? high * 1.08 : Math.max(1, high)] } },
        axes: [
          { stroke: probe('--muted'), grid: { stroke: probe('--line'), width: 1 }, font, values: (_, splits) => splits.map((at) => clock(at, zone)), space: 70 },
          { stroke: probe('--muted'), grid: { stroke: probe('--line'), width: 1 }, label: unit, labelFont: font, labelSize: 18, size: 56, font },
        ],
        series: [{ label: `Time (${zone})`, value: '{YYYY}-{MM}-{DD} {HH}:{mm}' }, ...lines.map((line) => series(line, probe(line.colour)))],
        hooks: { drawClear: [(drawn) => paintBands(drawn, outages.current, probe('--bad'))] },
      },
      columns as unknown as uPlot.AlignedData,
      element,
    )
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
      plot.current = null
    }
    // The picture is made anew when its lines or the colours change; figures are handed on below.
  }, [shape, scheme, unit, height, log, zone])
  useEffect(() => {
    plot.current?.setData(columns as unknown as uPlot.AlignedData)
  }, [columns])
  return <div ref={host} className="canvas" />
}

/** "09:40", or the day at midnight. */
function clock(at: number, zone: Zone): string {
  const text = exact(at, zone)
  return text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16)
}

function series(line: Line, colour: string): uPlot.Series {
  const shared = { label: line.label, stroke: colour, ...(line.dash ? { dash: [6, 4] } : {}) }
  if (line.draw === 'points') return { ...shared, paths: () => null, points: { show: true, size: 6, stroke: colour, fill: colour } }
  if (line.draw === 'bars') return { ...shared, fill: colour, width: 0, points: { show: false }, ...(uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.8, 24] }) } : {}) }
  return { ...shared, width: 1.5, points: { show: false }, spanGaps: false }
}

function paintBands(plot: uPlot, bands: readonly { start: number; end: number }[], colour: string): void {
  const { ctx } = plot
  ctx.save()
  ctx.fillStyle = colour
  ctx.globalAlpha = 0.12
  for (const band of bands) {
    const left = plot.valToPos(band.start, 'x', true)
    const right = plot.valToPos(band.end, 'x', true)
    ctx.fillRect(left, plot.bbox.top, Math.max(2, right - left), plot.bbox.height)
  }
  ctx.restore()
}

/** A custom property as a colour the canvas understands: light-dark() is settled by the element's own style. */
function resolved(element: HTMLElement, name: string): string {
  const before = element.style.color
  element.style.color = `var(${name})`
  const colour = getComputedStyle(element).color
  element.style.color = before
  return colour
}

function useScheme(): boolean {
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const change = (): void => setDark(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  return dark
}

function AsTable({ title, lines, columns }: PlotProps) {
  const [zone] = useZone()
  const times = columns[0] ?? []
  const rows = times.map((_, index) => index).filter((index) => columns.slice(1).some((column) => column[index] !== null && column[index] !== undefined && column[index] !== 0))
  return (
    <div className="scroll short" role="region" aria-label={title} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time ({zone})</th>
            {lines.map((line) => (
              <th key={line.label} scope="col" className="figure">
                {line.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.reverse().map((index) => (
            <tr key={index}>
              <td>{exact(times[index] ?? 0, zone)}</td>
              {lines.map((line, at) => {
                const value = columns[at + 1]?.[index]
                return (
                  <td key={line.label} className="figure">
                    {value === null || value === undefined ? '–' : Math.round(value * 1000) / 1000}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
