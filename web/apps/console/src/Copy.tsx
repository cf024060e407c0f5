import { useState } from 'react'

/** Puts `text` on the clipboard, and says that it did. */
export function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <button
      type="button"
      className="copy"
      aria-label={copied ? 'Copied' : `Copy ${text}`}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setCopied(true))
      }}
    >
      {copied ? '✓' : '⧉'}
    </button>
  )
}

/** An identifier that is copied with one press. */
export function Id({ value }: { value: string }) {
  return (
    <span className="id">
      <code>{value}</code>
      <Copy text={value} />
    </span>
  )
}
