/**
 * Browser sessions of people. A person exchanges an API token for a session once, or signs in at the provider (sign-in/).
 * From then on the session is a cookie that no script can read and no other site can send (`HttpOnly`, `SameSite=Strict`). A
 * request that changes something must also carry the session's CSRF token in a header, which a page of another site can
 * neither read nor set.
 *
 * What a session may do is checked at each request, against its token or the rules for claims, so that a revoked token or a
 * removed rule ends its sessions at once. Sessions are in the memory of this process and end with it. Several API processes
 * need a balancer that keeps a person on one of them. Neither the token nor the cookie's value is kept, only their hashes.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import cookies from '@fastify/cookie'
import Type from 'typebox'
import { Value } from 'typebox/value'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type AuthOutcome, type Authenticate, type Grant, permit, type Refusal } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { answerError, badRequest } from './errors.ts'
import type { Recorder } from './recorder.ts'

const COOKIE = 'moltwatch_session'
/** A shift and a half; then a person logs in again. */
const LIFE_MS = 12 * 3_600_000
/** The oldest goes when there are more: a session costs about 300 bytes. */
const SESSIONS_MAX = 10_000
const SECRET_BYTES = 32
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** What a session rests on. */
export interface Holder {
  /** What it may do now; undefined if it has ended. */
  grant(): Grant | undefined
  readonly lifeMs: number
  /** Whether the cookie is for TLS alone. */
  readonly isSecure: boolean
  /** Where a browser goes to end the provider's session, too. */
  readonly signOutUrl: string | undefined
}

interface Session extends Pick<Holder, 'grant' | 'signOutUrl'> {
  readonly csrfToken: string
  readonly endsMs: number
}

export interface Sessions {
  /** What the bearer of this token may do; the refusal says why it opens no session. */
  bearerOfToken(token: string): AuthOutcome
  /** Opens one and sets its cookie; gives its CSRF token. */
  start(reply: FastifyReply, holder: Holder): string
  /** Whom a request acts for, by its cookie; undefined if it has none. */
  bearerOf(request: FastifyRequest): (AuthOutcome & { readonly csrfToken?: string }) | undefined
  /** Ends the one that the request carries; gives where to end the provider's, if there is one. */
  close(request: FastifyRequest): string | undefined
}

const secret = (): string => randomBytes(SECRET_BYTES).toString('base64url')
const digestOf = (value: string): string => hash('sha256', value, 'base64url')
const ended = (): Refusal => ({
  ok: false,
  status: 401,
  code: 'unauthenticated',
  message: 'this session has ended: log in again',
})

const cookieOf = (isSecure: boolean) => ({ path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure }) as const

function isSame(given: unknown, expected: string): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false
  return timingSafeEqual(Buffer.from(given), Buffer.from(expected))
}

/** Makes the memory of sessions. */
export function createSessions(authenticate: Authenticate, clock: Clock): Sessions {
  const sessions = new Map<string, Session>()
  const keyOf = (request: FastifyRequest): string | undefined => {
    const value = request.cookies[COOKIE]
    return value === undefined ? undefined : digestOf(value)
  }
  return {
    bearerOfToken(token) {
      const outcome = authenticate(`Bearer ${token}`)
      if (!outcome.ok) return outcome
      const allowed = permit(outcome.grant, 'read')
      return allowed.ok ? outcome : allowed
    },
    start(reply, { grant, lifeMs, isSecure, signOutUrl }) {
      const value = secret()
      const csrfToken = secret()
      sessions.set(digestOf(value), { grant, signOutUrl, csrfToken, endsMs: clock.now() + lifeMs })
      const [oldest] = sessions.keys()
      if (sessions.size > SESSIONS_MAX && oldest !== undefined) sessions.delete(oldest)
      reply.setCookie(COOKIE, value, { ...cookieOf(isSecure), maxAge: Math.ceil(lifeMs / 1_000) })
      return csrfToken
    },
    bearerOf(request) {
      const key = keyOf(request)
      if (key === undefined) return undefined
      const session = sessions.get(key)
      const grant = session?.grant()
      if (session === undefined || grant === undefined || clock.now() >= session.endsMs) {
        sessions.delete(key)
        return ended()
      }
      const { csrfToken } = session
      if (SAFE_METHODS.has(request.method) || isSame(request.headers['x-csrf-token'], csrfToken)) {
        return { ok: true, grant, csrfToken }
      }
      const message = 'a request of a session that changes something needs the header x-csrf-token'
      return { ok: false, status: 403, code: 'forbidden', message }
    },
    close(request) {
      const key = keyOf(request)
      const session = key === undefined ? undefined : sessions.get(key)
      if (key !== undefined) sessions.delete(key)
      return session?.signOutUrl
    },
  }
}

interface SessionTools {
  readonly authenticate: Pick<Authenticate, 'ofDigest'>
  readonly record: ReturnType<typeof sessionRecorder>
}

const LogIn = Type.Object({ token: Type.String({ minLength: 1, maxLength: 1_024 }) }, { additionalProperties: false })

const shown = ({ name, tenant, role }: Grant, csrfToken: string | undefined) => ({
  name,
  tenant,
  role,
  csrf_token: csrfToken,
})

/** Writes down that sessions begin and end. A log that takes nothing at the moment keeps nobody from looking. */
export const sessionRecorder =
  (recorder: Recorder, logger: Logger) =>
  (grant: Grant, act: 'session-opened' | 'session-ended'): Promise<void> =>
    recorder.record(grant, act, []).catch((error: Error) => {
      logger.warn({ tenant: grant.tenant, by: grant.name, act, reason: error.message }, 'this was not written down')
    })

/** The routes `/console/session`: open one, ask for it, end it. They serve the console alone and are no part of the API. */
export async function serveSessions(
  app: FastifyInstance,
  sessions: Sessions,
  { authenticate, record }: SessionTools,
): Promise<void> {
  const cookie = (request: FastifyRequest) => cookieOf(request.protocol === 'https')

  app.post('/console/session', async (request, reply: FastifyReply) => {
    if (!Value.Check(LogIn, request.body)) throw badRequest('body: give {"token": "..."}')
    const { token } = request.body
    const bearer = sessions.bearerOfToken(token)
    if (!bearer.ok) return answerError(reply, bearer)
    sessions.close(request)
    const digest = hash('sha256', token, 'buffer')
    await record(bearer.grant, 'session-opened')
    const csrfToken = sessions.start(reply, {
      grant: () => authenticate.ofDigest(digest),
      lifeMs: LIFE_MS,
      isSecure: request.protocol === 'https',
      signOutUrl: undefined,
    })
    return shown(bearer.grant, csrfToken)
  })
  app.get('/console/session', async (request, reply) => {
    const bearer = sessions.bearerOf(request)
    if (bearer?.ok === true) return shown(bearer.grant, bearer.csrfToken)
    // Nobody is logged in: that is an answer and no error.
    return reply.clearCookie(COOKIE, cookie(request)).code(204).send()
  })
  app.delete('/console/session', async (request, reply) => {
    const bearer = sessions.bearerOf(request) ?? ended()
    if (!bearer.ok) return answerError(reply, bearer)
    const signOutUrl = sessions.close(request)
    await record(bearer.grant, 'session-ended')
    reply.clearCookie(COOKIE, cookie(request))
    return signOutUrl === undefined ? reply.code(204).send() : reply.send({ sign_out_url: signOutUrl })
  })
}

/** Lets an app read cookies; register it before the routes. */
export const readCookies = (app: FastifyInstance) => app.register(cookies)
