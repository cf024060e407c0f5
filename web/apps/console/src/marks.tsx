import type { ReactNode } from 'react'

/** The four state colours, each with its sign: never colour alone (WCAG 1.4.1). */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'plain'

const SIGNS: Readonly<Record<Tone, string>> = { good: '●', busy: '◐', warn: '▲', bad: '■', plain: '○' }

export function Chip({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`chip ${tone}`}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {children}
    </span>
  )
}

/** How much is left, as a bar with its figure beside it. */
export function Left({ seconds, of, text }: { seconds: number; of: number; text: string }) {
  const share = of > 0 ? Math.min(1, Math.max(0, seconds / of)) : 0
  return (
    <span className="left">
      <svg viewBox="0 0 60 6" aria-hidden="true" preserveAspectRatio="none">
        <rect className="track" width="60" height="6" rx="3" />
        <rect className={share < 0.1 ? 'fill low' : 'fill'} width={60 * share} height="6" rx="3" />
      </svg>
      {text}
    </span>
  )
}

/** A line of figures small enough for a table row; `label` says in words what it shows. */
export function Sparkline({ values, label, width = 96, height = 24 }: { values: readonly number[]; label: string; width?: number; height?: number }) {
  const top = Math.max(1, ...values)
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0
  const points = values.map((value, index) => `${(1 + index * step).toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`)
  return (
    <svg className="spark" role="img" aria-label={label} viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
      <polyline points={points.join(' ')} />
    </svg>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>
}
