/**
 * Signing in at a provider: a real one for what must work, and one that lies for what must be refused. Everything that could
 * open a session without a person who just logged in there is tried.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../../services/lib/config.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import type { OidcSection } from '../../../services/lib/config/oidc.ts'
import { pageOf } from '../../../services/api/sign-in/index.ts'
import {
  CLIENT,
  type IdentityProvider,
  type Lie,
  logInAt,
  startIdentityProvider,
  startLiar,
} from '../../support/identity-provider.ts'
import { warehouse } from '../warehouse/support.ts'
import { type Api, api } from './support.ts'

const URL_OF_CONSOLE = 'http://127.0.0.1:8080'
const PEOPLE = {
  ada: { email: 'ada@acme.example', email_verified: true, groups: ['everybody', 'soc-admins'] },
  ben: { email: 'ben@acme.example', email_verified: true, groups: ['soc'] },
  eve: { email: 'ada@acme.example', email_verified: false, groups: ['soc'] },
  zoe: { email: 'zoe@acme.example', email_verified: true, groups: ['everybody', 'soc-admins-of-old'] },
}

function sectionFor(issuer: string, rules?: object[]): OidcSection {
  const oidc = {
    issuer,
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    url: URL_OF_CONSOLE,
    rules: rules ?? [
      { claim: 'groups', value: 'soc-admins', role: 'admin', tenant: 'acme' },
      { claim: 'groups', value: 'soc', role: 'analyst', tenant: 'globex' },
      { claim: 'groups', value: 'admins', role: 'admin', tenant: 'acme' },
    ],
  }
  const outcome = parseConfig(JSON.stringify({ oidc }))
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
  return outcome.config.oidc!
}

/** A browser that keeps the cookies of the console. */
class Browser {
  readonly cookies = new Map<string, string>()
  readonly #room: Api
  constructor(room: Api) {
    this.#room = room
  }
  async ask(url: string, method: 'GET' | 'DELETE' | 'POST' = 'GET', headers: Record<string, string> = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await this.#room.app.inject({ method, url, headers: { cookie, ...headers } })
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [name = '', value = ''] = line.split(';', 1)[0]!.split('=')
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const { location = '' } = answer.headers
    return { status: answer.statusCode, location, set: String(answer.headers['set-cookie'] ?? ''), answer }
  }
  /** Leaves for the provider; gives the address there. */
  begin = async (to = '/console/') => (await this.ask(`/console/sign-in/oidc?to=${encodeURIComponent(to)}`)).location
  /** Comes back from it. */
  async back(address: string) {
    const { pathname, search } = new URL(address)
    return this.ask(pathname + search)
  }
  session = async () => (await this.ask('/console/session')).answer
  isIn = async () => (await this.session()).statusCode === 200
}

describe('signing in at a provider', () => {
  let provider: IdentityProvider
  let liar: IdentityProvider
  let room: Api
  let section: OidcSection | undefined
  let lie: Lie = {}
  let ahead = 0

  beforeAll(async () => {
    provider = await startIdentityProvider(URL_OF_CONSOLE, PEOPLE)
    liar = await startLiar(() => lie)
    const clock = { ...systemClock, now: () => systemClock.now() + ahead }
    room = await api(await warehouse(), {}, { oidc: () => section, clock })
    section = sectionFor(provider.issuer)
  })
  afterAll(async () => {
    await provider?.close()
    await liar?.close()
  })

  const signedIn = async (person: string, to?: string) => {
    const browser = new Browser(room)
    const back = await logInAt(await browser.begin(to), person)
    return { browser, back, end: await browser.back(back) }
  }

  it('asks with code, PKCE, state and nonce, and leads to the page that was wanted', async () => {
    const browser = new Browser(room)
    const address = new URL(await browser.begin('/console/incidents/1?x=2'))
    const asked = Object.fromEntries(address.searchParams)
    expect(asked).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', client_id: CLIENT.id })
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]?.length).toBeGreaterThan(40)
    const end = await browser.back(await logInAt(address.href, 'ada'))
    expect(end).toMatchObject({ status: 303, location: '/console/incidents/1?x=2' })
    expect(end.set).toMatch(/moltwatch_session=[^;]+; [^,]*HttpOnly; SameSite=Strict/)
    expect((await browser.session()).json()).toMatchObject({ name: 'ada@acme.example', tenant: 'acme', role: 'admin' })
  })

  it('gives role and tenant by the first rule that fits, and nothing to whom none fits', async () => {
    const ben = await signedIn('ben')
    const session = (await ben.browser.session()).json<{ csrf_token: string }>()
    expect(session).toMatchObject({ name: 'ben@acme.example', tenant: 'globex', role: 'analyst' })
    const csrf = { 'x-csrf-token': session.csrf_token }
    expect((await ben.browser.ask('/v1/tokens', 'POST', csrf)).status).toBe(403)
    const zoe = await signedIn('zoe')
    expect(zoe.end.location).toBe('/console/?sign-in=no-role')
    expect(await zoe.browser.isIn()).toBe(false)
  })

  it('names nobody by an address that the provider has not verified', async () => {
    const { browser } = await signedIn('eve')
    const { name } = (await browser.session()).json<{ name: string }>()
    expect(name).toMatch(/^[0-9a-f]{16}@127\.0\.0\.1:\d+$/)
  })

  it('changes something only with the CSRF token, and ends here and there', async () => {
    const { browser } = await signedIn('ada')
    expect((await browser.ask('/console/session', 'DELETE')).status).toBe(403)
    const { csrf_token: csrf } = (await browser.session()).json<{ csrf_token: string }>()
    const ended = await browser.ask('/console/session', 'DELETE', { 'x-csrf-token': csrf })
    const url = new URL(ended.answer.json<{ sign_out_url: string }>().sign_out_url)
    expect(url.origin).toBe(provider.issuer)
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${URL_OF_CONSOLE}/console/`)
    expect((await fetch(url)).status).toBe(200)
    expect(await browser.isIn()).toBe(false)
  })

  it('ends with its time, and with the rule that let the person in', async () => {
    const { browser } = await signedIn('ada')
    section = sectionFor(provider.issuer, [{ claim: 'groups', value: 'soc', role: 'admin', tenant: 'acme' }])
    expect((await browser.ask('/v1/incidents')).status).toBe(401)
    section = sectionFor(provider.issuer)
    const other = await signedIn('ada')
    expect(await other.browser.isIn()).toBe(true)
    ahead = 8 * 3_600_000
    expect((await other.browser.ask('/v1/incidents')).status).toBe(401)
    ahead = 0
  })

  it('opens nothing for a state that it did not give to this browser, or gave long ago', async () => {
    const [mine, theirs] = [new Browser(room), new Browser(room)]
    const back = await logInAt(await theirs.begin(), 'ada')
    await mine.begin()
    // Somebody else's way back in my browser (log-in CSRF), one without a cookie, and a changed state.
    expect((await mine.back(back)).location).toBe('/console/?sign-in=expired')
    expect((await new Browser(room).back(back)).location).toBe('/console/?sign-in=expired')
    const changed = new URL(back)
    changed.searchParams.set('state', 'guessed')
    expect((await theirs.back(changed.href)).location).toBe('/console/?sign-in=expired')
    const late = new Browser(room)
    const slow = await logInAt(await late.begin(), 'ada')
    ahead = 600_000
    expect((await late.back(slow)).location).toBe('/console/?sign-in=expired')
    ahead = 0
    for (const one of [mine, theirs, late]) expect(await one.isIn()).toBe(false)
  })

  it('takes no way back twice, and no code under another state', async () => {
    const browser = new Browser(room)
    const address = await browser.begin()
    const cookies = new Map(browser.cookies)
    const back = await logInAt(address, 'ada')
    expect((await browser.back(back)).location).toBe('/console/')
    const thief = new Browser(room)
    for (const [name, value] of cookies) thief.cookies.set(name, value)
    expect((await thief.back(back)).location).toBe('/console/?sign-in=expired')
    // The same code under a state of the thief's own: PKCE binds it to the browser that began.
    const fresh = new Browser(room)
    const code = new URL(await logInAt(await fresh.begin(), 'ada'))
    const begun = new URL(await thief.begin())
    code.searchParams.set('state', begun.searchParams.get('state') ?? '')
    expect((await thief.back(code.href)).location).toBe('/console/?sign-in=refused')
    expect(await thief.isIn()).toBe(false)
  })

  it('leads to pages of the console alone', async () => {
    for (const to of [
      'https://evil.example/',
      '//evil.example/console/',
      '/\\evil.example',
      '/console/..//evil.example',
    ]) {
      expect(pageOf(to)).toBe('/console/')
    }
    for (const to of [
      '/console\\..\\evil',
      '/console/sign-in/oidc',
      'javascript:alert(1)',
      '/v1/events',
      undefined,
      ['/console/a'],
    ]) {
      expect(pageOf(to)).toBe('/console/')
    }
    const { end } = await signedIn('ada', 'https://evil.example/console/')
    expect(end.location).toBe('/console/')
  })

  it('ends the session that the browser came with, and gives a value of its own', async () => {
    const planted = await signedIn('ben')
    const browser = new Browser(room)
    const value = planted.browser.cookies.get('moltwatch_session')!
    browser.cookies.set('moltwatch_session', value)
    await browser.back(await logInAt(await browser.begin(), 'ada'))
    expect(browser.cookies.get('moltwatch_session')).not.toBe(value)
    expect((await browser.session()).json()).toMatchObject({ name: 'ada@acme.example' })
    expect(await planted.browser.isIn()).toBe(false)
  })

  it('says so where a person cancels, or the provider is away or not configured', async () => {
    const browser = new Browser(room)
    const back = await logInAt(await browser.begin(), 'ada', 'cancel')
    expect((await browser.back(back)).location).toBe('/console/?sign-in=cancelled')
    section = sectionFor('http://127.0.0.1:1')
    expect(await browser.begin()).toBe('/console/?sign-in=away')
    section = undefined
    expect(await browser.begin()).toBe('/console/?sign-in=off')
    expect((await browser.ask('/console/sign-in')).answer.json()).toEqual({ oidc: null })
    section = sectionFor(provider.issuer)
    expect((await browser.ask('/console/sign-in')).answer.json()).toEqual({ oidc: { name: 'single sign-on' } })
  })

  const lies: readonly (readonly [string, Lie, string])[] = [
    ['nothing at all', {}, '/console/'],
    ['a token that nobody signed', { signedBy: 'nobody' }, '/console/?sign-in=refused'],
    ['a token signed with the secret', { signedBy: 'the secret' }, '/console/?sign-in=refused'],
    ['a token signed by another key', { signedBy: 'another key' }, '/console/?sign-in=refused'],
    ['another issuer', { claims: { iss: 'https://login.example.com' } }, '/console/?sign-in=refused'],
    ['another audience', { claims: { aud: 'another-client' } }, '/console/?sign-in=refused'],
    ['another party', { claims: { aud: [CLIENT.id, 'b'], azp: 'b' } }, '/console/?sign-in=refused'],
    ['another nonce', { claims: { nonce: 'of another' } }, '/console/?sign-in=refused'],
    ['no nonce', { claims: { nonce: undefined } }, '/console/?sign-in=refused'],
    ['an end in the past', { claims: { exp: 1 } }, '/console/?sign-in=refused'],
    ['no subject', { claims: { sub: undefined } }, '/console/?sign-in=refused'],
  ]
  it.each(lies)('answers a provider that changes %s', async (_what, told, expected) => {
    section = sectionFor(liar.issuer)
    lie = told
    const browser = new Browser(room)
    const address = await browser.begin()
    const back = (await fetch(address, { redirect: 'manual' })).headers.get('location') ?? ''
    expect((await browser.back(back)).location).toBe(expected)
    expect(await browser.isIn()).toBe(expected === '/console/')
    section = sectionFor(provider.issuer)
  })
})
