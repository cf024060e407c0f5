import { useEffect, useState } from 'react'
import { act } from './client'
import { exportsOf, useList } from './lists'
import { useLive } from './live'
import { Chip } from './marks'
import { receiptColumns } from './receipts'
import { Table, Trouble } from './Table'
import { duration } from './time'
import type { EndJob, Receipt } from './wire'
import { counted } from './words'

const OFTEN_MS = 1_500
const STATUS = { running: 'busy', interrupted: 'warn', done: 'good' } as const

/** An ending of many sessions that goes on behind its answer: how far it is, and the receipts so far, page by page. */
export function EndProgress({ id }: { id: string }) {
  const [over, setOver] = useState(false)
  const { data: job, error, reload } = useLive<EndJob>(`/ends/${encodeURIComponent(id)}`, over ? undefined : OFTEN_MS)
  if (job !== null && (job.status !== 'running') !== over) setOver(job.status !== 'running')
  const path = `/ends/${encodeURIComponent(id)}/receipts`
  const receipts = useList<Receipt>(path)
  const { reload: again } = receipts
  const some = job !== null && job.done > 0
  useEffect(() => {
    if (some || over) again()
  }, [some, over, again])
  if (job === null) return error === null ? <div className="skeleton" role="status" aria-label="Asking how far it is" /> : <Trouble error={error} onRetry={reload} />
  return (
    <>
      <p>
        <Chip tone={STATUS[job.status]}>{job.status}</Chip> <span className="figure">{progressWords(job)}</span>
      </p>
      <progress max={job.total} value={job.done} aria-label="Sessions gone through" />
      <p role="status" className="unseen">{job.status === 'done' ? progressWords(job) : ''}</p>
      <p className="muted">{job.note}{job.stays_valid_seconds > 0 && ` The one that lasts longest: ${duration(job.stays_valid_seconds)} more.`}</p>
      {job.status === 'interrupted' && <Resume id={id} onResumed={reload} />}
      <Table caption="Receipts" columns={receiptColumns} rows={receipts.rows} error={receipts.error} keyOf={(row) => row.ref} empty="No receipt yet." total={receipts.first?.total} onMore={receipts.more} onRetry={receipts.reload} exports={exportsOf(path)} />
    </>
  )
}

/** "1,200 of 31,204 gone through, 1,198 ended" */
export function progressWords(job: Pick<EndJob, 'done' | 'total' | 'ended' | 'status'>): string {
  const figures = new Intl.NumberFormat('en')
  const through = job.status === 'done' ? counted(job.total, 'session') : `${figures.format(job.done)} of ${counted(job.total, 'session')}`
  return `${through} gone through, ${figures.format(job.ended)} ended`
}

function Resume({ id, onResumed }: { id: string; onResumed: () => void }) {
  const [error, setError] = useState<Error | null>(null)
  const resume = (): void => {
    act<EndJob>(`/ends/${encodeURIComponent(id)}/resume`, {}).then(onResumed, (trouble: unknown) => setError(trouble instanceof Error ? trouble : new Error('failed')))
  }
  return (
    <div className="notice" role="note">
      <p>The process that did it went away. What was ended stays ended; the others still live.</p>
      {error !== null && <Trouble error={error} onRetry={resume} />}
      <button type="button" onClick={resume}>Go on</button>
    </div>
  )
}
