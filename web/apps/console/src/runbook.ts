export interface Advice {
  /** An alert's rule. */
  readonly rule: string
  /** What it means, where to look, what to do: each with its name. */
  readonly parts: readonly (readonly [string, string])[]
}

/** The part of docs/operations/runbook.md about the console's own alerts: a heading each, then `- **Means**: …` and its like. */
export function adviceOf(markdown: string): readonly Advice[] {
  const [, ours = ''] = markdown.split('## Console and webhook')
  return ours.split(/^### /m).slice(1).map((section) => {
    const [rule = '', ...lines] = section.split('\n')
    return { rule: rule.trim(), parts: lines.flatMap((line) => { const found = /^- \*\*(\w+)\*\*: (.*)$/.exec(line); return found === null ? [] : [[found[1] ?? '', found[2] ?? ''] as const] }) }
  })
}

/** A line's plain and `code` pieces, in order; of a link its words. */
export function pieces(line: string): readonly { readonly code: boolean; readonly text: string }[] {
  return line.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').split('`').map((text, at) => ({ code: at % 2 === 1, text })).filter(({ text }) => text !== '')
}
