/**
 * Opens a session: at the provider of the configuration, or by an API token that is traded for a session and not kept in
 * the browser. The service leads back here with the name of a problem where nobody could be signed in.
 */
import { useEffect, useState } from 'preact/hooks'
import { addressOf, logIn, type Session, signInProvider } from './client.ts'
import { Trouble } from './ui/basics.tsx'

/** What went wrong on the way to the provider and back, by the word in the address. */
const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['away', 'The sign-in provider does not answer. Try again in a moment, or use a token.'],
  ['cancelled', 'The sign-in was cancelled at the provider.'],
  ['expired', 'This sign-in took too long, was begun in another browser, or was used before. Begin again.'],
  ['no-role', 'You are signed in at the provider, but have no role in moltwatch. Ask an admin for one of its groups.'],
  ['off', 'This service has no sign-in provider. Use a token.'],
  ['refused', 'What the provider sent could not be trusted, so nobody was signed in. The log of the service says why.'],
])
const PARAMETER = 'sign-in'

/** Where the person wanted to go, without the name of a problem. */
function wanted(): string {
  const query = new URLSearchParams(location.search)
  query.delete(PARAMETER)
  return addressOf(location.pathname, Object.fromEntries(query))
}

function Provider({ name }: { name: string }) {
  const problem = PROBLEMS.get(new URLSearchParams(location.search).get(PARAMETER) ?? '')
  return (
    <>
      {problem === undefined ? null : <Trouble error={new Error(problem)} />}
      <a class="button primary" href={addressOf('/console/sign-in/oidc', { to: wanted() })}>
        Sign in with {name}
      </a>
    </>
  )
}

function useProvider(): string | undefined {
  const [name, setName] = useState<string>()
  useEffect(() => {
    // If it cannot be asked, a token still opens the console and shows what is wrong.
    signInProvider().then(setName, () => undefined)
  }, [])
  return name
}

export function LogIn({ opened }: { opened(session: Session): void }) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const provider = useProvider()
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
        {provider === undefined ? null : <Provider name={provider} />}
        <label>
          {provider === undefined ? 'Token' : 'Or a token'}
          <input
            name="token"
            type="password"
            required
            autocomplete="current-password"
            autofocus={provider === undefined}
          />
        </label>
        <p class="faint">
          The start of the service prints the file that holds the admin token. Tokens of analysts, responders and admins
          open it; one that only sends does not.
        </p>
        {error === undefined ? null : <Trouble error={error} />}
        <button type="submit" class={provider === undefined ? 'primary' : ''} disabled={busy}>
          {provider === undefined ? 'Open the console' : 'Open with the token'}
        </button>
      </form>
    </main>
  )
}
