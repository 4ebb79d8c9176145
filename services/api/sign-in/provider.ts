/**
 * Talks to an OpenID provider: finds it, leads a browser to it, and makes of the code that comes back the claims of a
 * person. The library checks what the standard says (state, nonce, PKCE, issuer, audience, times); that the ID token is
 * signed by a key of the provider is checked here in any case, and the algorithm is one of those with a public key.
 */
import * as client from 'openid-client'
import type { OidcSection } from '../../lib/config/oidc.ts'
import { API_LIMITS } from '../limits.ts'
import { type Claims, claimOf } from './grants.ts'

export const CALLBACK = '/console/sign-in/oidc/callback'

/** What must come back unchanged. */
export interface Checks {
  readonly state: string
  readonly nonce: string
  /** Of PKCE. */
  readonly verifier: string
}

/** Why nobody is signed in; the console has a sentence for each. */
export type SignInProblem = 'away' | 'cancelled' | 'refused'

export class SignInError extends Error {
  override readonly name = 'SignInError'
  readonly problem: SignInProblem
  constructor(problem: SignInProblem, reason: string) {
    super(reason)
    this.problem = problem
  }
}

export interface Person {
  readonly claims: Claims
  /** Where the provider ends its own session; undefined if it cannot. */
  readonly signOutUrl: string | undefined
}

export interface Provider {
  /** Makes the address that a browser is led to. Throws SignInError. */
  begin(): Promise<{ readonly url: string; readonly checks: Checks }>
  /** `search`: what came back, without the question mark. Throws SignInError. */
  finish(search: string, checks: Checks): Promise<Person>
}

/** In the order in which they are taken. */
const ALGORITHMS = ['RS256', 'ES256', 'PS256', 'EdDSA', 'Ed25519', 'RS384', 'ES384', 'PS384', 'RS512', 'ES512', 'PS512']

const isInsecure = (url: string): boolean => url.startsWith('http:')

/** Words of the protocol; what the other side has written itself is not repeated. */
const wordOf = (value: unknown): string =>
  typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : 'unknown'

function errorOf(error: unknown): SignInError {
  if (error instanceof SignInError) return error
  if (error instanceof client.AuthorizationResponseError) {
    const isCancelled = error.error === 'access_denied'
    return new SignInError(isCancelled ? 'cancelled' : 'refused', `the provider answered ${wordOf(error.error)}`)
  }
  if (error instanceof client.ResponseBodyError) {
    const isAway = error.status >= 500
    return new SignInError(isAway ? 'away' : 'refused', `the provider answered ${wordOf(error.error)}`)
  }
  if (error instanceof client.ClientError) {
    const isAway = error.code === 'OAUTH_TIMEOUT'
    return new SignInError(isAway ? 'away' : 'refused', `what the provider sent does not hold: ${wordOf(error.code)}`)
  }
  return new SignInError('away', `the provider does not answer: ${wordOf((error as NodeJS.ErrnoException).code)}`)
}

async function discover(section: OidcSection): Promise<client.Configuration> {
  const { issuer, client_id: id, client_secret: secret } = section
  const execute = isInsecure(issuer) ? [client.allowInsecureRequests] : []
  const timeout = API_LIMITS.sign_in_timeout_s
  const found = await client.discovery(new URL(issuer), id, undefined, client.None(), { execute, timeout })
  const server = found.serverMetadata()
  const algorithms = server.id_token_signing_alg_values_supported ?? ['RS256']
  const algorithm = ALGORITHMS.find((one) => algorithms.includes(one))
  if (algorithm === undefined) throw new SignInError('refused', 'the provider signs with no algorithm that is taken')
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const basic = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost
  const auth = secret === undefined ? client.None() : basic(secret)
  const made = new client.Configuration(server, id, { id_token_signed_response_alg: algorithm }, auth)
  made.timeout = timeout
  if (isInsecure(issuer)) client.allowInsecureRequests(made)
  client.enableNonRepudiationChecks(made)
  return made
}

/** The ID token's claims, plus the user info if a claim that decides is missing. */
async function claimsOf(config: client.Configuration, section: OidcSection, accessToken: string, idToken: Claims) {
  const named = [section.name_claim, ...section.rules.map(({ claim }) => claim)]
  const lacks = named.some((name) => claimOf(idToken, name) === undefined)
  if (!lacks || config.serverMetadata().userinfo_endpoint === undefined) return idToken
  const more = await client.fetchUserInfo(config, accessToken, String(idToken['sub']))
  return { ...more, ...idToken }
}

function signOutUrlOf(config: client.Configuration, section: OidcSection, idToken: string | undefined) {
  if (config.serverMetadata().end_session_endpoint === undefined) return undefined
  const back = new URL('/console/', section.url).href
  const isShort = idToken !== undefined && idToken.length <= API_LIMITS.sign_out_hint_chars_max
  return client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: back,
    ...(isShort ? { id_token_hint: idToken } : {}),
  }).href
}

/** Creates a provider; nothing is requested before somebody signs in. */
export function createProvider(section: OidcSection): Provider {
  let found: Promise<client.Configuration> | undefined
  /** What could not be found is looked for again the next time. */
  const configuration = (): Promise<client.Configuration> => {
    found ??= discover(section).catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
  return {
    async begin() {
      try {
        const config = await configuration()
        const state = client.randomState()
        const nonce = client.randomNonce()
        const verifier = client.randomPKCECodeVerifier()
        const url = client.buildAuthorizationUrl(config, {
          redirect_uri: new URL(CALLBACK, section.url).href,
          scope: section.scopes.join(' '),
          response_type: 'code',
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        })
        return { url: url.href, checks: { state, nonce, verifier } }
      } catch (error) {
        throw errorOf(error)
      }
    },
    async finish(search, { state, nonce, verifier }) {
      try {
        const config = await configuration()
        const back = new URL(CALLBACK, section.url)
        back.search = search
        const tokens = await client.authorizationCodeGrant(config, back, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        const idToken = tokens.claims()
        if (idToken === undefined) throw new SignInError('refused', 'the provider sent no ID token')
        return {
          claims: await claimsOf(config, section, tokens.access_token, idToken),
          signOutUrl: signOutUrlOf(config, section, tokens.id_token),
        }
      } catch (error) {
        throw errorOf(error)
      }
    },
  }
}
