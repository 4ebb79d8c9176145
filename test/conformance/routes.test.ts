/**
 * What every route in the registry must be: declared in full and in the documents, closed to those without a token or
 * without the right, strict about what it does not know, deaf to other tenants' ids, unmoved by hostile text, and true to
 * its own answer schema. A new route is covered by adding it to the registry.
 */
import { readFileSync } from 'node:fs'
import type { TObject } from 'typebox'
import { Compile } from 'typebox/compile'
import { beforeAll, describe, expect, it } from 'vitest'
import { apiPage } from '../../services/commands/openapi/page.ts'
import { apiTypes, type Described } from '../../services/commands/openapi/types.ts'
import { liftNamed } from '../../services/api/named-schemas.ts'
import { openApi } from '../../services/api/openapi.ts'
import { ROUTES } from '../../services/api/registry.ts'
import type { Route } from '../../services/api/route.ts'
import { type Api, TOKENS } from '../integration/api/support.ts'
import { SECRET, twoTenants } from '../integration/api/world.ts'

const HOSTILE = [
  "' OR tenant = 'globex' --",
  '\\',
  '{tenant:String}',
  '%',
  '*',
  '\u0000',
  '\r\nx: y',
  '\u2028',
  '\u202e',
  '=cmd|x',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'ünïcode-𝄞-\ud800',
  'a/b/../c',
  'x'.repeat(5_000),
]

const nameOf = ({ method, path }: Route): string => `${method} ${path}`
const namesIn = (schema: TObject): string[] => Object.keys(schema.properties)
const search = (query: object): string => {
  const text = new URLSearchParams(query as Record<string, string>).toString()
  return text === '' ? '' : `?${text}`
}

let asked: Api

interface Request {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: object
  readonly body?: unknown
  readonly token?: string | null
}

async function ask(route: Route, { params = {}, query = {}, body, token = TOKENS.acme }: Request) {
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(safe(params[name] ?? 'none')))
  const sent = body ?? (route.body === undefined ? undefined : route.example.body)
  const answer = await asked.app.inject({
    method: route.method,
    url: `/v1${path}${search(query)}`,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(sent === undefined ? {} : { payload: JSON.stringify(sent) }),
  })
  return { status: answer.statusCode, text: answer.body, json: () => JSON.parse(answer.body) as unknown }
}

/** A lone surrogate cannot stand in an address. */
const safe = (text: string): string => text.toWellFormed()

/** Ids of a tenant for the parameters of a route: of the first thing in the list that the path begins with. */
async function paramsOf(route: Route, token: string): Promise<Record<string, string>> {
  const names = namesIn(route.params)
  if (names.length === 0) return {}
  const list = ROUTES.find(({ method, path }) => method === 'GET' && path === route.path.split('/:')[0])
  if (list === undefined) throw new Error(`${nameOf(route)}: there is no list at ${route.path.split('/:')[0]}`)
  const { items } = (await ask(list, { token })).json() as { items: Record<string, string>[] }
  // Both tenants use the same names of identities; what is only one's has an id.
  return Object.fromEntries(
    names.map((name) => [name, items[0]?.[name] ?? items[0]?.['id'] ?? items[0]?.['event_id'] ?? '']),
  )
}

/** The example's body; where it names things by id, it names those that the tenant has. */
async function bodyOf(route: Route, token: string): Promise<unknown> {
  const body = { ...route.example.body } as Record<string, unknown>
  for (const name of Object.keys(body)) {
    const noun = /^(\w+)_ids$/.exec(name)?.[1]
    const list = ROUTES.find(({ method, path }) => method === 'GET' && path === `/${noun}s`)
    if (list === undefined) continue
    const { items } = (await ask(list, { token })).json() as { items: { id: string }[] }
    body[name] = items.slice(0, (body[name] as string[]).length).map(({ id }) => id)
  }
  return route.body === undefined ? undefined : body
}

const isTail = ({ media }: Route): boolean => media?.includes('text/event-stream') ?? false
const isOnlyIds = (route: Route): boolean => namesIn(route.params).every((name) => name === 'id')

beforeAll(async () => {
  asked = await twoTenants()
})

describe.each(ROUTES.map((route) => [nameOf(route), route] as const))('%s', (_name, route) => {
  it('is declared in full', () => {
    expect(route.path).toMatch(/^(\/:?[\w.-]+)+$/)
    expect(route.about).toMatch(/^[A-Z].*\.$/s)
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name)
    expect(namesIn(route.params)).toEqual(inPath)
    for (const schema of [route.query, route.body]) {
      // Commands are checked by their own schemas, which are closed.
      const isOpen =
        schema === undefined || !('additionalProperties' in schema) || schema.additionalProperties !== false
      if (schema !== undefined && route.path !== '/commands') expect(isOpen).toBe(false)
    }
    if (route.body !== undefined) {
      expect(Compile(route.body).Check(route.example.body)).toBe(true)
    }
  })

  it('needs a token, and the right that it names', async () => {
    const params = await paramsOf(route, TOKENS.acme)
    const without = await ask(route, { params, token: null })
    expect(without).toMatchObject({ status: 401 })
    expect(without.json()).toMatchObject({ error: { code: 'unauthenticated' } })
    const sender = await ask(route, { params, token: TOKENS.sender })
    expect(sender).toMatchObject({ status: 403 })
    expect(sender.json()).toMatchObject({ error: { code: 'forbidden' } })
  })

  it('answers its example as its schema says', async () => {
    // A tail never ends; test/integration/api/streams.test.ts reads them.
    if (isTail(route)) return
    const { query = {} } = route.example
    const [params, body] = [await paramsOf(route, TOKENS.acme), await bodyOf(route, TOKENS.acme)]
    const answer = await ask(route, { params, query, body })
    expect([answer.status, answer.text]).toEqual([route.status, expect.any(String)])
    if (route.media !== undefined) return
    const schema = Compile(route.answer)
    expect([...schema.Errors(answer.json())]).toEqual([])
  })

  it('refuses a parameter that it does not know', async () => {
    const params = await paramsOf(route, TOKENS.acme)
    for (const unknown of ['tenant', 'colour', '__proto__']) {
      const answer = await ask(route, { params, query: { [unknown]: 'x' } })
      expect([unknown, answer.status, answer.json()]).toMatchObject([
        unknown,
        400,
        { error: { message: expect.stringContaining(unknown) } },
      ])
    }
  })

  it('knows nothing of what is not its own', async () => {
    if (namesIn(route.params).length === 0) return
    const theirs = await paramsOf(route, TOKENS.globex)
    if (isOnlyIds(route)) {
      const stolen = await ask(route, { params: theirs, query: route.example.query ?? {} })
      expect(stolen.status).toBe(404)
      expect(stolen.text).not.toContain(SECRET)
    }
    const nobody = await ask(route, { params: Object.fromEntries(namesIn(route.params).map((name) => [name, '0'])) })
    expect([400, 404]).toContain(nobody.status)
  })

  it('is unmoved by hostile text, wherever it stands', async () => {
    const own = await paramsOf(route, TOKENS.acme)
    const body = route.example.body as Record<string, unknown> | undefined
    for (const text of HOSTILE) {
      const requests: Request[] = [
        ...Object.keys(own).map((name) => ({ params: { ...own, [name]: text } })),
        ...(isTail(route) ? [] : namesIn(route.query)).map((name) => ({
          params: own,
          query: { ...route.example.query, [name]: text },
        })),
        ...Object.keys(body ?? {}).map((name) => ({ params: own, body: { ...body, [name]: text } })),
      ]
      for (const request of requests) {
        const answer = await ask(route, request)
        const context = JSON.stringify(request).slice(0, 200)
        expect([context, answer.status < 500]).toEqual([context, true])
        expect(answer.text).not.toContain(SECRET)
        if (answer.status >= 400) {
          expect(answer.json()).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } })
        }
      }
    }
  })
})

it('a path that reads like an id answers 405 to a method that only ids take', async () => {
  for (const [method, url] of [
    ['DELETE', '/v1/suppressions/facets?q=x'],
    ['DELETE', '/v1/tokens/configured'],
    ['GET', '/v1/incidents/merge'],
  ] as const) {
    const answer = await asked.app.inject({ method, url, headers: { authorization: `Bearer ${TOKENS.acme}` } })
    expect([url, answer.statusCode, answer.json()]).toMatchObject([url, 405, { error: { code: 'method_not_allowed' } }])
  }
})

describe('the documents', () => {
  it('name every route, and each once', () => {
    const { paths } = openApi(ROUTES) as { paths: Record<string, Record<string, { operationId: string }>> }
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const declared = ROUTES.map(({ method, path }) => `${method} /v1${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(operations.toSorted()).toEqual(declared.toSorted())
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    expect(new Set(ids).size).toBe(ROUTES.length)
  })

  it('hold each named schema once, and refer to it', () => {
    const text = JSON.stringify(openApi(ROUTES))
    const { components } = JSON.parse(text) as { components: { schemas: Record<string, unknown> } }
    const named = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect(new Set(named)).toEqual(new Set(Object.keys(components.schemas)))
    expect(text).not.toContain('"$id"')
    const twice = { a: { $id: 'one', type: 'string' }, b: [{ $id: 'one', type: 'string' }] }
    const ref = { $ref: '#/components/schemas/One' }
    expect(liftNamed(twice)).toEqual({ value: { a: ref, b: [ref] }, schemas: { One: { type: 'string' } } })
    const differing = { a: { $id: 'one', type: 'string' }, b: { $id: 'one', type: 'number' } }
    expect(() => liftNamed(differing)).toThrow('two schemas have the $id of One')
  })

  it('are what the service hands out', async () => {
    expect((await asked.get('/v1/openapi.json')).body).toEqual(JSON.parse(JSON.stringify(openApi(ROUTES))))
  })

  it('are current: run npm run docs:api', () => {
    const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
    expect(apiPage(page)).toBe(page)
    const types = readFileSync(new URL('../../services/console/api.types.ts', import.meta.url), 'utf8')
    expect(apiTypes(openApi(ROUTES) as Described)).toBe(types)
  })

  it('become types that say what the schemas say, or none', () => {
    const types = (answer: object) =>
      apiTypes({
        components: { schemas: {} },
        paths: {
          '/v1/x': {
            get: { parameters: [], responses: { 200: { content: { 'application/json': { schema: answer } } } } },
          },
        },
      })
    const schema = {
      type: 'object',
      required: ['a-b'],
      properties: {
        'a-b': { enum: ['x', "it's"] },
        c: { type: 'array', items: { anyOf: [{ type: 'integer' }, { type: 'null' }] } },
      },
    }
    expect(types(schema)).toContain(
      ['    answer: {', "      'a-b': 'x' | 'it\\'s'", '      c?: (number | null)[]', '    }'].join('\n'),
    )
    expect(() => types({ type: 'object', allOf: [] })).toThrow('allOf')
    expect(() => types({ type: 'tuple' })).toThrow('tuple')
  })
})

it('tells a wrong method from a path that is not there', async () => {
  for (const { path, method } of ROUTES) {
    const url = `/v1${path.replaceAll(/:\w+/g, 'x')}`
    const answer = await asked.app.inject({
      method: 'PUT',
      url,
      headers: { authorization: `Bearer ${TOKENS.acme}` },
    })
    expect([path, answer.statusCode, answer.headers['allow']]).toEqual([path, 405, expect.stringContaining(method)])
  }
  expect((await asked.get('/v1/nothing')).status).toBe(404)
})
