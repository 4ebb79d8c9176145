/**
 * Providers to sign in at, on the loopback interface: a real one (oidc-provider) whose people log in by their names, and one
 * that sends whatever ID token a test wants to be refused.
 */
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export const CLIENT = { id: 'moltwatch', secret: 'a secret of the tests, long enough for HS256' } as const

/** What the provider knows of a person, by the name at its log-in. */
export type People = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface IdentityProvider {
  readonly issuer: string
  close(): Promise<void>
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const closing = (server: Server) => async (): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}

/** Starts a real one. `url`: where the console is. */
export async function startIdentityProvider(url: string, people: People): Promise<IdentityProvider> {
  const server = createServer()
  const issuer = await listen(server)
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${url}/console/sign-in/oidc/callback`],
        post_logout_redirect_uris: [`${url}/console/`],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
    cookies: { keys: ['of the tests'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...(Object.hasOwn(people, id) ? people[id] : {}) }),
    }),
  })
  const answer = provider.callback()
  // It answers its own errors.
  server.on('request', (request, response) => void answer(request, response))
  return { issuer, close: closing(server) }
}

/** One ID token of the liar: what it changes in a good one. */
export interface Lie {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly signedBy?: 'another key' | 'the secret' | 'nobody'
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Starts one that keeps to the protocol but for `lie()`. */
export async function startLiar(lie: () => Lie): Promise<IdentityProvider> {
  const [own, foreign] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2_048 }))
  const nonces = new Map<string, string>()
  const tokenOf = (nonce: string | undefined): string => {
    const { claims = {}, signedBy } = lie()
    const alg = signedBy === 'nobody' ? 'none' : signedBy === 'the secret' ? 'HS256' : 'RS256'
    const now = Math.floor(Date.now() / 1_000)
    const good = { iss: issuer, sub: 'mallory', aud: CLIENT.id, exp: now + 300, iat: now, nonce, groups: ['admins'] }
    const text = `${encoded({ alg, kid: 'one' })}.${encoded({ ...good, ...claims })}`
    if (signedBy === 'nobody') return `${text}.`
    if (signedBy === 'the secret')
      return `${text}.${createHmac('sha256', CLIENT.secret).update(text).digest('base64url')}`
    const key = signedBy === 'another key' ? foreign : own
    return `${text}.${createSign('sha256').update(text).sign(key!.privateKey, 'base64url')}`
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    const answer = (body: object): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    }
    if (url.pathname === '/.well-known/openid-configuration') {
      answer({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      })
    } else if (url.pathname === '/jwks') {
      answer({ keys: [{ ...own!.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] })
    } else if (url.pathname === '/auth') {
      const code = String(nonces.size)
      nonces.set(code, url.searchParams.get('nonce') ?? '')
      const back = new URL(url.searchParams.get('redirect_uri') ?? '')
      back.searchParams.set('code', code)
      back.searchParams.set('state', url.searchParams.get('state') ?? '')
      response.writeHead(303, { location: back.href }).end()
    } else {
      let body = ''
      request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
      request.on('end', () => {
        const nonce = nonces.get(new URLSearchParams(body).get('code') ?? '')
        answer({ access_token: 'a', token_type: 'bearer', id_token: tokenOf(nonce) })
      })
    }
  })
  const issuer = await listen(server)
  return { issuer, close: closing(server) }
}

/** Goes through the pages of the real one as a browser would, until it leads back; gives that address. */
export async function logInAt(address: string, person: string, act: 'log in' | 'cancel' = 'log in'): Promise<string> {
  const { origin } = new URL(address)
  const jar = new Map<string, string>()
  let url = address
  let form: URLSearchParams | undefined
  // Log-in, consent, and the ways between them.
  for (let step = 0; step < 20; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]!.split(/=(.*)/s)
      jar.set(name, value)
    }
    form = undefined
    const location = response.headers.get('location')
    if (location !== null) {
      const next = new URL(location, url)
      if (next.origin !== origin) return next.href
      url = next.href
      continue
    }
    const page = await response.text()
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
    if (prompt === undefined) throw new Error(`the provider answered ${response.status}: ${page.slice(0, 300)}`)
    if (act === 'cancel') url = `${url}/abort`
    else form = new URLSearchParams({ prompt, login: person, password: 'any' })
  }
  throw new Error('the provider leads nowhere')
}
