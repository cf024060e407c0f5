import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'

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

export const Button = (props: { readonly children: ReactNode; readonly onClick: () => void }): ReactNode => (
  <button type="button" className="bff-button" {...props} />
)
