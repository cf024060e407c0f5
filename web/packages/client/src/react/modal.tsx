import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'

interface Props {
  readonly title: ReactNode
  readonly detail: ReactNode
  /** What Escape does: something harmless. */
  readonly onEscape?: (() => void) | undefined
  readonly children?: ReactNode
}

/**
 * The platform's modal dialog: it traps the focus, makes the page inert, and lies above everything. Opens on the first button, and
 * gives the focus back when it goes.
 */
export function Modal({ title, detail, onEscape, children }: Props): ReactNode {
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
      className="bff-dialog"
      role="alertdialog"
      aria-labelledby={`${id}t`}
      aria-describedby={`${id}d`}
      onCancel={(event) => {
        event.preventDefault()
        onEscape?.()
      }}
    >
      <h2 id={`${id}t`}>{title}</h2>
      <p id={`${id}d`}>{detail}</p>
      {children}
    </dialog>
  )
}
