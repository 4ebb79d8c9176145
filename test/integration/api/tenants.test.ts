/**
 * No tenant sees or changes anything of another, through any route, by any value in path, query, cursor or body
 * (fault 38). Every row of the other tenant carries a secret that no request holds: it must never come back.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ROUTES } from '../../../services/api/registry.ts'
import { event } from '../warehouse/support.ts'
import { type Api, finding, TOKENS } from './support.ts'
import { SECRET, twoTenants } from './world.ts'

interface Stolen {
  /** Values of globex that an attacker could have learned. */
  readonly ids: readonly string[]
  readonly cursors: readonly string[]
}

async function steal(of: Api): Promise<Stolen> {
  const cursors: string[] = []
  for (const list of [
    'findings',
    'events',
    'identities',
    'peers',
    'credentials',
    'sources',
    'dead-letters',
    'quarantines',
    'incidents',
    'deliveries',
    'suppressions',
    'commands',
    'tokens',
    'audit',
  ]) {
    const { body } = await of.get(`/v1/${list}?limit=2`, TOKENS.globex)
    const { items, next_cursor } = body as { items: unknown[]; next_cursor: string }
    expect(JSON.stringify(items)).toContain(SECRET)
    cursors.push(next_cursor)
  }
  const ids = [finding(1, { tenant: 'globex' }).id, event(1, { tenant: 'globex' }).event_id, 'globex']
  return { ids, cursors }
}

const PARAMETERS = [
  'tenant',
  'tenant_id',
  'identity',
  'agent',
  'session',
  'severity',
  'detector',
  'owner',
  'since',
  'limit',
  'cursor',
  'x',
]

it('answers with nothing of another tenant, whatever the request holds', async () => {
  const asked = await twoTenants()
  const stolen = await steal(asked)
  const injections = [
    "' OR tenant = 'globex",
    "x') OR (1=1",
    '\\',
    '{tenant:String}',
    '%00',
    "agent-1' UNION ALL SELECT * FROM events --",
  ]
  const value = fc.oneof(
    fc.constantFrom(...stolen.ids, ...stolen.cursors, ...injections, 'agent-1', 'high', '5'),
    fc.string({ maxLength: 20 }),
  )
  const request = fc.record({
    // A tail never ends; streams.test.ts sees that one tells nothing of another tenant.
    route: fc.constantFrom(...asked.routes.filter((one) => !one.endsWith('/tail'))),
    path: value,
    query: fc.dictionary(fc.constantFrom(...PARAMETERS), value, { maxKeys: 3 }),
    headers: fc.dictionary(fc.constantFrom('x-tenant', 'x-tenant-id', 'tenant'), fc.constant('globex'), { maxKeys: 2 }),
    body: fc.record(
      { tenant: fc.constant('globex'), identity: value, reason: value, type: fc.constantFrom('stop', 'quarantine') },
      { requiredKeys: [] },
    ),
  })
  const statuses = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(request, async ({ route, path, query, headers, body }) => {
      const [method, pattern] = route.split(' ') as ['GET' | 'POST', string]
      const url = `${pattern.replaceAll(/:\w+/g, encodeURIComponent(path))}?${new URLSearchParams(query).toString()}`
      const answer = await asked.app.inject({
        method,
        url,
        headers: {
          ...headers,
          authorization: `Bearer ${TOKENS.acme}`,
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...(method === 'POST' ? { payload: JSON.stringify(body) } : {}),
      })
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
      expect(answer.body).not.toContain(SECRET)
      expect(answer.statusCode).toBeLessThan(500)
    }),
    { numRuns: 600 },
  )
  // The property means something only where requests get through to the data.
  expect(statuses.get(200)).toBeGreaterThan(50)
  for (const command of await asked.commands()) expect(command).toMatchObject({ tenant: 'acme', by: 'boss' })
})

it('refuses every cursor of another tenant, and of another list or filter', async () => {
  const asked = await twoTenants()
  const { cursors } = await steal(asked)
  const lists = ROUTES.filter(({ query }) => 'cursor' in query.properties).map(({ path }) => `/v1${path}`)
  expect(lists.length).toBeGreaterThanOrEqual(12)
  for (const list of lists) {
    for (const cursor of cursors) {
      const { status, body } = await asked.get(`${list}?cursor=${encodeURIComponent(cursor)}`)
      expect([list, status, body]).toMatchObject([list, 400, { error: { code: 'bad_cursor' } }])
    }
  }
  const { body } = await asked.get('/v1/findings?limit=2&agent=agent-1')
  const own = (body as { next_cursor: string }).next_cursor
  expect((await asked.get(`/v1/findings?limit=5&agent=agent-1&cursor=${own}`)).status).toBe(200)
  expect((await asked.get(`/v1/findings?limit=5&agent=agent-2&cursor=${own}`)).status).toBe(400)
})
