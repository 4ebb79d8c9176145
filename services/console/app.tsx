/** The shell of the console: who is logged in, the pages, the keyboard, the theme. */
import { LocationProvider, Route, Router, useLocation } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'
import { currentSession, logOut, type Session, whenSessionEnds } from './client.ts'
import { LogIn } from './log-in.tsx'
import { NotFound, PAGES } from './pages/registry.ts'
import { Trouble } from './ui/basics.tsx'
import { useKeys } from './ui/keys.ts'

const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

function useTheme(): [Theme, () => void] {
  const stored = THEMES.find((theme) => theme === localStorage.getItem('theme')) ?? 'auto'
  const [theme, setTheme] = useState<Theme>(stored)
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
    localStorage.setItem('theme', theme)
  }, [theme])
  return [theme, () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme)]
}

const KEYS_HELP: readonly (readonly [string, string])[] = [
  [
    'g and a letter',
    `go to a page: ${PAGES.filter((page) => page.key)
      .map((page) => `${page.key} ${page.title}`)
      .join(', ')}`,
  ],
  ['j, k, Enter', 'next row, previous row, open'],
  ['/', 'search'],
  ['x', 'select a row for triage'],
  ['letters on buttons', 'press them: their tooltips name the key'],
]

function KeysHelp() {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="quiet" data-shortcut="?" title="Key: ?" onClick={() => setOpen(!open)}>
        Keys
      </button>
      {open ? (
        <dl class="keys card">
          {KEYS_HELP.map(([keys, does]) => (
            <div key={keys}>
              <dt>{keys}</dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      ) : null}
    </>
  )
}

function Shell({ session }: { session: Session }) {
  const { path, route } = useLocation()
  const [theme, nextTheme] = useTheme()
  useKeys(new Map(PAGES.flatMap((page) => (page.key ? [[page.key, page.menu ?? page.path] as const] : []))), route)
  const here = (page: (typeof PAGES)[number]): boolean =>
    page.menu === '/console/' ? path === '/console/' || path === '/console' : path.startsWith(page.menu ?? '\u0000')
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <nav aria-label="Pages">
        <a class="brand" href="/console/">
          moltwatch
        </a>
        <ul>
          {PAGES.filter((page) => page.menu !== undefined).map((page) => (
            <li key={page.path}>
              <a href={page.menu ?? page.path} aria-current={here(page) ? 'page' : undefined}>
                {page.title}
              </a>
            </li>
          ))}
        </ul>
        <footer>
          <span title={`${session.role} of tenant ${session.tenant}`}>
            {session.name === session.role ? session.name : `${session.name}, ${session.role}`}
          </span>
          <KeysHelp />
          <button type="button" class="quiet" onClick={nextTheme}>
            Theme: {theme}
          </button>
          <button type="button" class="quiet" onClick={() => void logOut()}>
            Log out
          </button>
        </footer>
      </nav>
      <main id="content" tabIndex={-1}>
        <Router>
          {PAGES.map(({ path: at, page: Page }) => (
            <Route key={at} path={at} component={Page} />
          ))}
          <Route default component={NotFound} />
        </Router>
      </main>
    </div>
  )
}

/** The console: asks for a session first. */
export function App() {
  const [session, setSession] = useState<Session | 'none' | 'asking'>('asking')
  const [error, setError] = useState<Error>()
  useEffect(() => {
    whenSessionEnds(() => setSession('none'))
    currentSession()
      .then((found) => setSession(found ?? 'none'))
      .catch((fault: unknown) => setError(fault as Error))
  }, [])
  if (error !== undefined) return <Trouble error={error} />
  if (session === 'asking') return <p class="faint">Opening…</p>
  if (session === 'none') return <LogIn opened={setSession} />
  return (
    <LocationProvider scope="/console">
      <Shell session={session} />
    </LocationProvider>
  )
}
