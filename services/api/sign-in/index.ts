/**
 * The routes `/console/sign-in`: which provider there is, the way to it, and the way back (authorization code with PKCE). A
 * browser carries a sealed cookie there and back; what comes back without it, or a second time, was not begun here and opens
 * nothing. Every end is an address of the console: where the person wanted to go, or the log-in page with the name of a
 * problem, never an address that somebody else chose.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Grant } from '../../lib/auth.ts'
import type { Clock } from '../../lib/clock.ts'
import type { OidcSection } from '../../lib/config/oidc.ts'
import type { Logger } from '../../lib/logger.ts'
import { API_LIMITS } from '../limits.ts'
import type { Sessions } from '../sessions.ts'
import { type Claims, decisive, grantOf } from './grants.ts'
import { CALLBACK, type Checks, createProvider, type Provider, SignInError, type SignInProblem } from './provider.ts'
import { createSealed } from './sealed.ts'

const COOKIE = 'moltwatch_sign_in'
const SIGN_IN = '/console/sign-in'
const BEGIN = `${SIGN_IN}/oidc`
const HOME = '/console/'
const HOUR_MS = 3_600_000

/** What the browser carries there and back. */
interface Begun extends Checks {
  readonly to: string
  readonly endsMs: number
}

export interface SignInTools {
  readonly sessions: Sessions
  readonly clock: Clock
  readonly logger: Logger
  /** The section in force. */
  oidc(): OidcSection | undefined
  /** Writes down that a session was opened. */
  opened(grant: Grant): Promise<void>
}

type Problem = SignInProblem | 'expired' | 'no-role' | 'off'

/** A page of the console, with its query; HOME for anything else, and for what would begin another sign-in. */
export function pageOf(to: unknown): string {
  const base = 'http://console.invalid'
  const url = typeof to === 'string' && to.length <= API_LIMITS.sign_in_page_chars_max ? URL.parse(to, base) : null
  const isPage =
    url !== null && url.origin === base && url.pathname.startsWith(HOME) && !url.pathname.startsWith(SIGN_IN)
  return isPage ? url.pathname + url.search : HOME
}

/** One provider per section; a changed section gets a new one. */
function createProviders(current: () => OidcSection | undefined) {
  let known: { readonly section: OidcSection; readonly provider: Provider } | undefined
  return () => {
    const section = current()
    if (section === undefined) return undefined
    if (known?.section !== section) known = { section, provider: createProvider(section) }
    return known
  }
}

const queryOf = (request: FastifyRequest): string => request.url.split('?').slice(1).join('?')

/** What signing in knows between two requests. */
interface SignInState {
  readonly options: SignInTools
  readonly providers: ReturnType<typeof createProviders>
  readonly sealed: ReturnType<typeof createSealed<Begun>>
  /** States that came back: none comes back twice. */
  readonly over: LRUCache<string, true>
  underway: number
}

const fail = (signIn: SignInState, reply: FastifyReply, problem: Problem, reason?: string): FastifyReply => {
  if (reason !== undefined) signIn.options.logger.warn({ problem, reason }, 'nobody was signed in')
  return reply.redirect(`${HOME}?sign-in=${problem}`, 303)
}

const failWith = (signIn: SignInState, reply: FastifyReply, error: unknown): FastifyReply => {
  if (error instanceof SignInError) return fail(signIn, reply, error.problem, error.message)
  throw error
}

/** Each way there and back makes the service ask the provider: so many at once. */
const asking = async <T>(signIn: SignInState, ask: () => Promise<T>): Promise<T> => {
  if (signIn.underway >= API_LIMITS.sign_ins_underway_max) throw new SignInError('away', 'too many sign in at once')
  signIn.underway++
  try {
    return await ask()
  } finally {
    signIn.underway--
  }
}

const cookie = (section: OidcSection | undefined) =>
  ({ path: BEGIN, httpOnly: true, sameSite: 'lax', secure: section?.url.startsWith('https:') === true }) as const

const begunIn = (signIn: SignInState, request: FastifyRequest): Begun | undefined => {
  const begun = signIn.sealed.open(request.cookies[COOKIE] ?? '')
  const isLive = begun !== undefined && signIn.options.clock.now() < begun.endsMs && !signIn.over.has(begun.state)
  return isLive && new URLSearchParams(queryOf(request)).get('state') === begun.state ? begun : undefined
}

/** Asked at each request: a rule that was taken out takes its people with it. */
const grantNow = (signIn: SignInState, claims: Claims, issuer: string) => (): Grant | undefined => {
  const section = signIn.options.oidc()
  return section?.issuer === issuer ? grantOf(claims, section) : undefined
}

function createSignIn(deps: SignInTools) {
  const signIn: SignInState = {
    options: deps,
    providers: createProviders(deps.oidc),
    sealed: createSealed<Begun>(),
    over: new LRUCache<string, true>({ max: API_LIMITS.sign_ins_remembered_max }),
    underway: 0,
  }

  return {
    async begin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const known = signIn.providers()
      if (known === undefined) return fail(signIn, reply, 'off')
      try {
        const { url, checks } = await asking(signIn, () => known.provider.begin())
        const endsMs = deps.clock.now() + API_LIMITS.sign_in_ms_max
        const to = pageOf((request.query as { readonly to?: unknown }).to)
        reply.setCookie(COOKIE, signIn.sealed.seal({ ...checks, to, endsMs }), {
          ...cookie(known.section),
          maxAge: API_LIMITS.sign_in_ms_max / 1_000,
        })
        return reply.redirect(url, 303)
      } catch (error) {
        return failWith(signIn, reply, error)
      }
    },
    async finish(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const known = signIn.providers()
      if (known === undefined) return fail(signIn, reply, 'off')
      const { section, provider } = known
      const begun = begunIn(signIn, request)
      reply.clearCookie(COOKIE, cookie(section))
      if (begun === undefined) return fail(signIn, reply, 'expired')
      signIn.over.set(begun.state, true)
      try {
        const { claims, signOutUrl } = await asking(signIn, () => provider.finish(queryOf(request), begun))
        const kept = decisive(claims, section)
        const grant = grantOf(kept, section)
        if (grant === undefined)
          return fail(signIn, reply, 'no-role', 'no rule of oidc.rules fits the claims of this person')
        // Whatever session the browser had ends: one that somebody else planted is nobody's way in.
        deps.sessions.close(request)
        deps.sessions.start(reply, {
          grant: grantNow(signIn, kept, section.issuer),
          lifeMs: section.session_hours * HOUR_MS,
          isSecure: cookie(section).secure,
          signOutUrl,
        })
        await deps.opened(grant)
        return reply.redirect(begun.to, 303)
      } catch (error) {
        return failWith(signIn, reply, error)
      }
    },
  }
}

/** Registers them. They serve the console alone and are no part of the API. */
export function serveSignIn(app: FastifyInstance, tools: SignInTools): void {
  const signIn = createSignIn(tools)
  const headers = (reply: FastifyReply): FastifyReply =>
    reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
  app.get(SIGN_IN, (_request, reply) => {
    const section = tools.oidc()
    return headers(reply).send({ oidc: section === undefined ? null : { name: section.name } })
  })
  app.get(BEGIN, (request, reply) => signIn.begin(request, headers(reply)))
  app.get(CALLBACK, (request, reply) => signIn.finish(request, headers(reply)))
}
