/**
 * The provider at which people sign in to the console (OpenID Connect): its address, moltwatch's client there, and which
 * claims give which role of which tenant. The client's secret may be in a file or in the environment instead:
 * `client_secret_file`, `client_secret_env`.
 */
import Type, { type Static } from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Located } from './problems.ts'
import type { ReadSecret } from './read-secret.ts'

export const PERSON_ROLES = ['analyst', 'responder', 'admin'] as const
const RULES_MAX = 256
const TEXT_CHARS_MAX = 1_024
const SESSION_HOURS_MAX = 24

const text = (description: string) => Type.String({ minLength: 1, maxLength: TEXT_CHARS_MAX, description })

const OidcRule = Type.Object(
  {
    claim: text('A claim of the ID token, or of the user info; realm_access.roles reaches into one'),
    value: text('What it says, or holds where it is a list'),
    role: Type.Unsafe<(typeof PERSON_ROLES)[number]>(Type.Enum([...PERSON_ROLES])),
    tenant: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max, default: 'default' }),
  },
  { additionalProperties: false },
)

export const OidcSection = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64, default: 'single sign-on', description: 'On the button' }),
    issuer: text('As the provider names itself: https, or http on the loopback interface'),
    client_id: text('As the provider knows moltwatch'),
    client_secret: Type.Optional(text('Absent: a public client, which PKCE alone protects')),
    client_secret_file: Type.Optional(text('A file that holds the secret and nothing else')),
    client_secret_env: Type.Optional(text('An environment variable that holds the secret')),
    url: text('Where browsers reach the console: https://moltwatch.example.com'),
    scopes: Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5B\\x5D-\\x7E]{1,128}$' }), {
      default: ['openid', 'profile', 'email'],
      maxItems: 32,
    }),
    name_claim: Type.String({
      minLength: 1,
      maxLength: TEXT_CHARS_MAX,
      default: 'email',
      description: 'Names the person in the audit log',
    }),
    session_hours: Type.Number({ exclusiveMinimum: 0, maximum: SESSION_HOURS_MAX, default: 8 }),
    rules: Type.Array(OidcRule, {
      minItems: 1,
      maxItems: RULES_MAX,
      description: 'The first one that fits gives role and tenant; whom none fits may not open the console',
    }),
  },
  { additionalProperties: false },
)
export type OidcSection = Static<typeof OidcSection>

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** https, or http where nobody can listen in between. */
const isGuarded = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))

function urlProblem(value: string, isPlain: (url: URL) => boolean, example: string): string | undefined {
  const url = URL.parse(value)
  if (url === null) return `must be a URL such as ${example}`
  if (!isGuarded(url)) return 'must begin with https:// (http:// on the loopback interface alone)'
  return isPlain(url) ? undefined : `must have the form ${example}`
}

/** What its shape cannot say. */
function* problemsOf(section: OidcSection): Generator<Located> {
  const bare = (url: URL): boolean => url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  const issuer = urlProblem(section.issuer, bare, 'https://login.example.com/realms/soc')
  if (issuer !== undefined) yield { path: ['issuer'], message: issuer }
  const rootOnly = (url: URL): boolean => bare(url) && url.pathname === '/'
  const url = urlProblem(section.url, rootOnly, 'https://moltwatch.example.com')
  if (url !== undefined) yield { path: ['url'], message: url }
  if (!section.scopes.includes('openid')) yield { path: ['scopes'], message: 'must hold openid' }
  for (const [i, { tenant }] of section.rules.entries()) {
    if (tenant === '*') yield { path: ['rules', i, 'tenant'], message: 'must be one tenant' }
  }
}

/** The section with its secret filled in, and what is wrong with it. */
export function completeOidc(
  section: OidcSection | undefined,
  read: ReadSecret | undefined,
): { readonly oidc: OidcSection | undefined; readonly problems: Located[] } {
  if (section === undefined) return { oidc: undefined, problems: [] }
  const { client_secret_file: file, client_secret_env: variable, ...oidc } = section
  const problems: Located[] = [...problemsOf(oidc)]
  const named = file ?? variable
  const at = (): Located[] => problems.map(({ path, message }) => ({ path: ['oidc', ...path], message }))
  if (named === undefined) return { oidc, problems: at() }
  const key = file === undefined ? 'client_secret_env' : 'client_secret_file'
  if (oidc.client_secret !== undefined || (file !== undefined && variable !== undefined)) {
    problems.push({ path: [key], message: 'stands beside another one: give the secret once' })
    return { oidc, problems: at() }
  }
  const outcome = read?.(file === undefined ? 'env' : 'file', named)
  if (outcome?.ok === true) return { oidc: { ...oidc, client_secret: outcome.text }, problems: at() }
  problems.push({ path: [key], message: outcome?.reason ?? 'cannot be read here' })
  return { oidc, problems: at() }
}
