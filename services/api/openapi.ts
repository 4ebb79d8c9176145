/**
 * The routes as an OpenAPI 3.1 document. It uses the JSON Schemas of the routes, so that it says what requests are checked
 * against.
 */
import type { TObject, TSchema } from 'typebox'
import { liftNamed } from './named-schemas.ts'
import type { Route } from './route.ts'

/** Codes of errors by status: what the document and docs/api.md say of every route. */
export const ERRORS: readonly { readonly status: number; readonly codes: string; readonly when: string }[] = [
  {
    status: 400,
    codes: '`bad_request`, `bad_cursor`, `bad_search`',
    when: 'a parameter or a body is wrong; bad JSON is told with its position',
  },
  { status: 401, codes: '`unauthenticated`', when: 'no token, or none that is known' },
  { status: 403, codes: '`forbidden`', when: "the token's role does not cover this" },
  { status: 404, codes: '`not_found`', when: 'no such route, or nothing of this id for this tenant' },
  {
    status: 405,
    codes: '`method_not_allowed`',
    when: 'the path is known, the method is not; `Allow` names those that are',
  },
  { status: 409, codes: '`conflict`', when: 'the order cannot hold as things are; the message says why' },
  { status: 413, codes: '`too_large`', when: 'a body over 64 KiB' },
  { status: 414, codes: '`too_large`', when: 'a part of the path over 4,096 characters' },
  { status: 415, codes: '`unsupported_type`', when: 'a body that is not `application/json`' },
  {
    status: 422,
    codes: '`question_too_heavy`',
    when: 'it took longer or more memory than a question may: narrow it by time or identity',
  },
  {
    status: 429,
    codes: '`too_fast`, `too_many`, `too_many_waiting`',
    when: 'a token asks too often, too many tails are open, or too many commands wait; `Retry-After` says when to ask again',
  },
  {
    status: 431,
    codes: '`too_large`',
    when: 'address and headers have more than 16 KiB together',
  },
  {
    status: 503,
    codes: '`warehouse_unavailable`, `warehouse_incomplete`, `log_unavailable`, `busy`',
    when: 'it passes; `Retry-After` says when to ask again',
  },
  { status: 500, codes: '`internal`', when: 'not foreseen; the service has logged it' },
]

/** First sentence of what a route is about. */
export const summaryOf = (route: Route): string => /^.*?[.](?= |$)/.exec(route.about)?.[0] ?? route.about

/** `/quarantines/:id/release` as `/quarantines/{id}/release`. */
const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}')

/** The noun that a route belongs to: the first part of its path. */
export const nounOf = ({ path }: Route): string => path.split('/')[1]?.replace(/\..*/, '') ?? ''

/** `GET /findings/:id` as `get-findings-id`. */
const operationOf = ({ method, path }: Route): string =>
  [method.toLowerCase(), ...path.split(/[/.:]+/).filter((part) => part !== '')].join('-')

function parametersOf(schema: TObject, place: 'query' | 'path', example: object = {}): object[] {
  const required = new Set((schema as { readonly required?: readonly string[] }).required ?? [])
  const examples = new Map(Object.entries(example) as [string, unknown][])
  return Object.entries(schema.properties).map(([name, own]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    ...((own as { description?: string }).description === undefined
      ? {}
      : { description: (own as { description?: string }).description }),
    schema: own,
    ...(examples.has(name) ? { example: examples.get(name) } : {}),
  }))
}

const json = (schema: TSchema | object, example?: object): object => ({
  'application/json': { schema, ...(example === undefined ? {} : { example }) },
})

/** The good answer: JSON, or what else the route sends. */
const contentOf = ({ answer, media }: Route): object =>
  media === undefined ? json(answer) : Object.fromEntries(media.map((type) => [type, { schema: answer }]))

const ERROR_REFS = Object.fromEntries(
  ERRORS.map(({ status }) => [String(status), { $ref: `#/components/responses/${status}` }]),
)

function operation(route: Route): object {
  return {
    operationId: operationOf(route),
    tags: [nounOf(route)],
    summary: summaryOf(route),
    description: `${route.about} Right: ${route.right}.`,
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query', route.example.query),
      ...(route.status === 202 ? [{ $ref: '#/components/parameters/idempotency-key' }] : []),
    ],
    // Later code checks some bodies better than a schema can; those are documented in full and accepted loosely.
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: json(route.documentedBody ?? route.body, route.example.body) } }),
    responses: {
      [route.status]: { description: summaryOf(route), content: contentOf(route) },
      ...ERROR_REFS,
    },
  }
}

const COMPONENTS = {
  securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
  parameters: {
    'idempotency-key': {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'Makes a repeated request the same order',
      schema: { type: 'string', minLength: 1, maxLength: 256 },
    },
  },
  schemas: {
    Error: {
      type: 'object',
      required: ['error'],
      properties: {
        error: {
          type: 'object',
          required: ['code', 'message'],
          properties: { code: { type: 'string' }, message: { type: 'string', description: 'For people' } },
        },
      },
    },
  },
  responses: Object.fromEntries(
    ERRORS.map(({ status, codes, when }) => [
      String(status),
      { description: `${codes.replaceAll('`', '')}: ${when}`, content: json({ $ref: '#/components/schemas/Error' }) },
    ]),
  ),
}

/** The document of these routes. */
export function openApi(routes: readonly Route[]): object {
  const paths = new Map<string, Record<string, object>>()
  for (const route of routes) {
    const path = `/v1${templateOf(route.path)}`
    paths.set(path, { ...paths.get(path), [route.method.toLowerCase()]: operation(route) })
  }
  const { value, schemas } = liftNamed(Object.fromEntries(paths))
  return {
    openapi: '3.1.0',
    info: {
      title: 'moltwatch',
      version: '1',
      description: 'What analysts, the console and programs ask of moltwatch. The tenant is that of the token.',
    },
    security: [{ bearer: [] }],
    paths: value,
    components: { ...COMPONENTS, schemas: { ...COMPONENTS.schemas, ...schemas } },
  }
}
