/**
 * `/v1/tokens`: who may query and send. Lists come from the responder's memory and show nothing secret. The text of a token
 * is created here and returned once, in the answer; only its hash goes into the log.
 */
import { hash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import Type, { type Static } from 'typebox'
import type { Role } from '../../../schemas/roles.ts'
import { type Scope, Token, TOKEN_NAME, TOKEN_ROLE, TOKEN_SCOPES } from '../../../schemas/token.ts'
import { OrderAnswer } from '../answers.ts'
import { Answer } from '../errors.ts'
import { API_LIMITS } from '../limits.ts'
import { HASH, REASON, word } from '../parameters.ts'
import { type Ask, defineRoute, type Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

const SECRET_BYTES = 32

const Made = Type.Object({
  ...OrderAnswer.properties,
  token: Type.String({ description: 'Its text, told this once: nobody can read it again' }),
  in_force: Type.Boolean({ description: 'False where the responder has not taken the order yet; it will' }),
})

const NewToken = Type.Object(
  {
    name: TOKEN_NAME,
    role: TOKEN_ROLE,
    scopes: Type.Optional(TOKEN_SCOPES),
    expires_at: Type.Optional(
      Type.String({ format: 'date-time', description: 'It is refused from then on; absent: it has no end' }),
    ),
    reason: Type.Optional(REASON),
  },
  { additionalProperties: false },
)

/** Waits a moment until it is in force. Throws Answer where the order was refused, or made another token before. */
async function waitFor({ views, grant, tokens, signal }: Ask, id: string, digest: Buffer): Promise<boolean> {
  for (let waited = 0; waited < API_LIMITS.token_wait_ms; waited += API_LIMITS.token_wait_every_ms) {
    if (tokens.ofDigest(digest) !== undefined) return true
    const outcome = await views.command(grant.tenant, id)
    if (outcome !== undefined && outcome.status !== 'applied') throw new Answer(409, 'conflict', outcome.detail)
    if ((await views.token(grant.tenant, id)) !== undefined && tokens.ofDigest(digest) === undefined) {
      throw new Answer(409, 'conflict', 'this Idempotency-Key has made a token already, and its text was told then')
    }
    if (signal.aborted) return false
    await sleep(API_LIMITS.token_wait_every_ms)
  }
  return false
}

const scopesOf = (role: Role): Scope[] => (role === 'ingest' ? ['live'] : [])

async function create(ask: Ask, body: Static<typeof NewToken>): Promise<Static<typeof Made>> {
  const { grant, tokens } = ask
  if (body.scopes !== undefined && body.scopes.length > 0 && (body.role === 'analyst' || body.role === 'responder')) {
    throw new Answer(409, 'conflict', `a token with the role ${body.role} sends no events: leave scopes out`)
  }
  if (tokens.configured(grant.tenant).some(({ name }) => name === body.name)) {
    throw new Answer(409, 'conflict', `the configuration has a token "${body.name}": a name tells who did something`)
  }
  const token = `mw_${randomBytes(SECRET_BYTES).toString('base64url')}`
  const { scopes = scopesOf(body.role), ...rest } = body
  const digest = hash('sha256', token, 'buffer')
  const id = await ask.command({ type: 'create-token', ...rest, scopes, sha256: digest.toString('hex') })
  const inForce = await waitFor(ask, id, digest)
  return { command_id: id, token, in_force: inForce }
}

const Configured = Type.Object(
  { name: Type.String(), role: TOKEN_ROLE, scopes: TOKEN_SCOPES },
  { additionalProperties: false },
)

export const tokenRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/tokens/configured',
    right: 'read',
    about: 'The tokens of the tenant that stand in the configuration file; they are changed there.',
    answer: Type.Object({ items: Type.Array(Configured) }),
    handle: async ({ grant, tokens }) => ({
      items: tokens.configured(grant.tenant).map(({ name, role, scopes }) => ({ name, role, scopes })),
    }),
  }),
  ...viewedRoutes({
    list: 'tokens',
    singular: 'token',
    about: 'Tokens that were made through the API or the command, newest first, with those that ended lately.',
    item: Token,
    filters: { name: word('Name'), role: word('Role'), status: word('One or several with commas') },
    subject: heldSubject('tokens', Token, { time: 'created_at', facets: ['role', 'status', 'created_by'] }),
  }),
  defineRoute({
    method: 'POST',
    path: '/tokens',
    right: 'administer',
    about:
      'Makes a token of the tenant and tells it, this once. Without scopes a token with the role ingest sends live events. The same Idempotency-Key makes no second token, and tells nothing of the first.',
    body: NewToken,
    status: 202,
    answer: Made,
    example: { body: { name: 'laptop-shipper', role: 'ingest', expires_at: '2099-01-31T09:00:00Z' } },
    handle: (ask) => create(ask as Ask, ask.body),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/tokens/:id',
    right: 'administer',
    about: 'Revokes a token that was made through the API: it is refused from then on, and its sessions end.',
    params: Type.Object({ id: HASH }),
    query: Type.Object({ reason: REASON }, { additionalProperties: false }),
    status: 202,
    answer: OrderAnswer,
    example: { query: { reason: 'The laptop is gone.' } },
    handle: async ({ params: { id }, query, command }) => ({
      command_id: await command({ type: 'revoke-token', token_id: id, reason: query.reason }),
    }),
  }),
]
