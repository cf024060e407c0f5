import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { ignore } from '../wait.js'
import { useClient } from './provider.js'

interface Props {
  readonly title: ReactNode
  readonly detail: ReactNode
  /** What Escape does: something harmless. Without it, nothing. */
  readonly onEscape?: (() => void) | undefined
  /** Nothing of the page is to be seen behind it. */
  readonly opaque?: boolean
  readonly children?: ReactNode
}

/**
 * The platform's modal dialog: it traps the focus, makes the page inert, and lies above everything. Opens on its first button, and
 * gives the focus back when it goes. A person cannot close it, only answer it.
 */
export function Modal({ title, detail, onEscape, opaque, children }: Props): ReactNode {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const element = dialog.current!
    element.showModal()
    return () => element.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={opaque ? 'bff-dialog bff-opaque' : 'bff-dialog'}
      role="alertdialog"
      aria-labelledby={`${id}t`}
      aria-describedby={`${id}d`}
      onCancel={(event) => {
        event.preventDefault()
        onEscape?.()
      }}
      // The second Escape in a row closes it in Chromium, whatever `cancel` was told.
      onClose={() => {
        if (dialog.current?.open !== false) return
        dialog.current.showModal()
        onEscape?.()
      }}
    >
      <h2 id={`${id}t`}>{title}</h2>
      <p id={`${id}d`}>{detail}</p>
      {children}
    </dialog>
  )
}

/** What a click starts may fail: then the snapshot says so. */
export const Button = ({ children, onClick }: { readonly children: ReactNode; readonly onClick: () => unknown }): ReactNode => (
  <button type="button" className="bff-button" onClick={() => void Promise.resolve(onClick()).catch(ignore)}>
    {children}
  </button>
)

export const Actions = ({ children }: { readonly children: ReactNode }): ReactNode => <div className="bff-actions">{children}</div>

export function Retry(): ReactNode {
  const client = useClient()
  return <Button onClick={() => client.session({ fresh: true })}>Retry now</Button>
}
