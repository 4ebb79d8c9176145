/** Asks for an API token and trades it for a session: the token itself is not kept in the browser. */
import { useState } from 'preact/hooks'
import { logIn, type Session } from './client.ts'
import { Trouble } from './ui/basics.tsx'

export function LogIn({ opened }: { opened(session: Session): void }) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    try {
      opened(await logIn(String(form.get('token') ?? '').trim()))
    } catch (fault) {
      setError(fault as Error)
      setBusy(false)
    }
  }
  return (
    <main class="log-in">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>moltwatch</h1>
        <label>
          Token
          <input name="token" type="password" required autocomplete="current-password" autofocus />
        </label>
        <p class="faint">
          The start of the service prints the file that holds the admin token. Tokens of analysts, responders and admins
          open it; one that only sends does not.
        </p>
        {error === undefined ? null : <Trouble error={error} />}
        <button type="submit" class="primary" disabled={busy}>
          Open the console
        </button>
      </form>
    </main>
  )
}
