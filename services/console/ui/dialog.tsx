/**
 * Asks a person for the reason of an act, and shows what came of it. Every act of moltwatch has a reason, because the next
 * shift has to understand it.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Trouble } from './basics.tsx'

/** Values of the fields of a name that hold text. */
export const textsIn = (form: FormData, name: string): string[] =>
  form.getAll(name).filter((value) => typeof value === 'string')

interface ActProps {
  /** On the button: `Quarantine`. */
  readonly label: string
  /** In full, above the reason: what will happen. */
  readonly explain: ComponentChildren
  readonly tone?: 'danger' | 'plain'
  readonly disabled?: boolean
  /** Key that opens it. */
  readonly shortcut?: string
  /** What the text of the person is called; `Reason` where absent. */
  readonly text?: string
  /** More fields of the form; their values come by name. */
  readonly fields?: ComponentChildren
  /** Carries it out; throws what the service refused. */
  run(reason: string, fields: FormData): Promise<unknown>
  done(): void
}

function Form({ explain, label, text = 'Reason', fields, run, close }: ActProps & { close(done: boolean): void }) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    try {
      await run(String(form.get('reason') ?? '').trim(), form)
      close(true)
    } catch (fault) {
      setError(fault as Error)
    }
    setBusy(false)
  }
  return (
    <form method="dialog" onSubmit={(event) => void submit(event)}>
      <h2>{label}</h2>
      <p>{explain}</p>
      {fields}
      <label>
        {text}
        <textarea
          name="reason"
          required
          rows={3}
          maxLength={500}
          placeholder={text === 'Reason' ? 'For the next shift: why?' : undefined}
        />
      </label>
      {error === undefined ? null : <Trouble error={error} />}
      <footer>
        <button type="button" onClick={() => close(false)}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy}>
          {label}
        </button>
      </footer>
    </form>
  )
}

/** A button that opens the form of an act. */
export function Act(props: ActProps) {
  const { label, tone, disabled, done, shortcut } = props
  const [open, setOpen] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  const close = (acted: boolean): void => {
    setOpen(false)
    if (acted) done()
  }
  return (
    <>
      <button
        type="button"
        class={tone === 'danger' ? 'danger' : ''}
        disabled={disabled === true}
        data-shortcut={shortcut}
        title={shortcut === undefined ? undefined : `Key: ${shortcut}`}
        onClick={() => setOpen(true)}
      >
        {label}
      </button>
      <dialog ref={dialog} onClose={() => setOpen(false)} aria-label={label}>
        {open ? <Form {...props} close={close} /> : null}
      </dialog>
    </>
  )
}
