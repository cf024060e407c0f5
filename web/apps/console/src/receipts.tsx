import { Chip } from './marks'
import type { Column } from './Table'
import { duration } from './time'
import type { Receipt } from './wire'

const REVOCATION: Readonly<Record<Receipt['revocation'], string>> = {
  revoked: 'revoked at the provider',
  failed: 'the provider refused or did not answer; tried again in the background',
  unsupported: 'the provider offers no revocation',
  pending: 'revocation under way',
  none: 'there was nothing to revoke',
  unknown: 'ended before the interruption; whether its tokens were revoked is in the audit trail',
}

/** What became of one session, in a line. */
export function ReceiptLine({ receipt }: { receipt: Receipt }) {
  return (
    <>
      <Chip tone={receipt.deleted ? 'good' : 'plain'}>{receipt.deleted ? 'ended' : 'was already gone'}</Chip> <code>{receipt.ref}</code> {receipt.subject}{' '}
      <span className="muted">
        {REVOCATION[receipt.revocation]}
        {receipt.stays_valid_seconds > 0 && `; access token valid for ${duration(receipt.stays_valid_seconds)} more`}
      </span>
    </>
  )
}

/** The same as rows of a table. */
export const receiptColumns: readonly Column<Receipt>[] = [
  { name: 'Session', cell: (row) => <code>{row.ref}</code> },
  { name: 'User', cell: (row) => row.subject ?? '–' },
  { name: 'Here', cell: (row) => <Chip tone={row.deleted ? 'good' : 'plain'}>{row.deleted ? 'ended' : 'was already gone'}</Chip> },
  { name: 'At the provider', cell: (row) => REVOCATION[row.revocation] },
  { name: 'Access token', cell: (row) => (row.stays_valid_seconds > 0 ? `valid for ${duration(row.stays_valid_seconds)} more` : 'expired') },
]
