import { useEffect } from 'react'
import runbook from '../../../../../docs/operations/runbook.md?raw'
import { Link } from '../router'
import { adviceOf, pieces } from '../runbook'

const ADVICE = adviceOf(runbook)

/** What each alert means, where to look, what to do: the text of docs/operations/runbook.md, as old as this console. */
export function Runbook({ rule }: { rule: string }) {
  useEffect(() => document.getElementById(rule)?.scrollIntoView(), [rule])
  return (
    <>
      <div className="title">
        <h1>Runbook</h1>
        <Link to="/alerts">Alerts</Link>
      </div>
      {ADVICE.map((advice) => (
        <section key={advice.rule} id={advice.rule} className={advice.rule === rule ? 'card meant' : 'card'} aria-current={advice.rule === rule ? 'true' : undefined}>
          <h2><code>{advice.rule}</code></h2>
          <dl className="advice">
            {advice.parts.map(([name, text]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{pieces(text).map((piece, at) => (piece.code ? <code key={at}>{piece.text}</code> : piece.text))}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  )
}
