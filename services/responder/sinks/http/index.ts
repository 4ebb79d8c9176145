/**
 * A user-defined request to any HTTP interface that has no type of its own. Method, headers and body are in the
 * configuration, with names in double braces where a notice fills in. A body is a tree of values and not a text, so what
 * a notice contains is always a value in it and never part of its structure.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { createHttpChannel, type HttpMethod } from '../lib/http.ts'
import { writeJson } from '../lib/json.ts'
import { summaryOf } from '../lib/summary.ts'
import { allowPrivateSetting, caFileSetting, caOf, urlProblems, urlSetting } from '../lib/url.ts'
import { defineSinkType, type SettingProblem } from '../sink-type.ts'
import { fill, fillHeader, namesOf, templateProblem, type Values, WORDS } from './template.ts'

const FORMATS = ['json', 'form', 'text'] as const
type Format = (typeof FORMATS)[number]
const METHODS = ['POST', 'PUT', 'PATCH'] as const satisfies readonly HttpMethod[]

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  text: 'text/plain; charset=utf-8',
}

/** A token of RFC 9110; those that belong to the connection are not the user's. */
const HEADER_NAME = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$"
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'expect',
])
const HEADER_CHARS_MAX = 1_024
const HEADERS_MAX = 32

const Settings = Type.Object(
  {
    url: urlSetting('Whole address, with path and query'),
    method: Type.Unsafe<HttpMethod>(Type.Enum([...METHODS], { default: 'POST' })),
    format: Type.Unsafe<Format>(Type.Enum([...FORMATS], { default: 'json', description: 'Of the body' })),
    headers: Type.Record(Type.String({ pattern: HEADER_NAME }), Type.String({ maxLength: HEADER_CHARS_MAX }), {
      default: {},
      maxProperties: HEADERS_MAX,
      description: 'May hold {{secret}} beside the names of the body',
    }),
    body: Type.Unsafe<unknown>(
      Type.Unknown({
        default: { type: '{{type}}', time: '{{time}}', severity: '{{severity}}', title: '{{title}}', data: '{{data}}' },
        description: 'With names in double braces; a tree for json, names and texts for form, one text for text',
      }),
    ),
    secret: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4_096, pattern: '^[ -~]+$', description: 'For headers', secret: true }),
    ),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

interface Form {
  readonly format: Format
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly secret?: string
}

interface Rendered {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

function valuesOf(notice: Notice): Values {
  const { severity, tenant, identity, subject, title, text } = summaryOf(notice)
  const { type, time, data } = notice
  return new Map<string, unknown>(
    Object.entries({ type, time, severity, tenant, identity, subject, title, text, data }),
  )
}

function bodyOf(format: Format, template: unknown, values: Values): string {
  const filled = fill(template, values)
  if (format === 'json') return writeJson(filled)
  if (format === 'text') return String(filled).toWellFormed()
  const pairs = Object.entries(filled as object).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : writeJson(value),
  ])
  return new URLSearchParams(pairs).toString()
}

function render(notice: Notice, { format, headers, body, secret }: Form): Rendered {
  const values = valuesOf(notice)
  const withSecret = new Map([...values, ['secret', secret ?? '']])
  const filled = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), fillHeader(value, withSecret)])
  return {
    headers: { 'content-type': CONTENT_TYPES[format], ...Object.fromEntries(filled) },
    body: bodyOf(format, body, values),
  }
}

const isTextMap = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === 'string')

function shapeProblem({ format, body }: Form): string | undefined {
  if (format === 'text' && typeof body !== 'string') return 'must be one text, with format: text'
  if (format === 'form' && !isTextMap(body)) return 'must be names and texts, with format: form'
  return undefined
}

function problems(settings: Form): SettingProblem[] {
  const body = shapeProblem(settings) ?? templateProblem(settings.body, WORDS)
  const headers = Object.entries(settings.headers).flatMap(([name, value]): SettingProblem[] => {
    const own = OWN_HEADERS.has(name.toLowerCase()) ? 'is set by the connection' : undefined
    const message = own ?? templateProblem(value, new Set([...WORDS, 'secret']))
    return message === undefined ? [] : [{ key: 'headers', message: `${name} ${message}` }]
  })
  const asksSecret = Object.values(settings.headers).some((value) => namesOf(value).includes('secret'))
  const lacks = asksSecret && settings.secret === undefined
  return [
    ...(body === undefined ? [] : [{ key: 'body', message: body }]),
    ...headers,
    ...(lacks ? [{ key: 'headers', message: 'name {{secret}}, and there is no secret' }] : []),
  ]
}

export const http = defineSinkType({
  type: 'http',
  about: 'Requests in a form that the configuration describes, for what has no type of its own.',
  settings: Settings,
  receives: ['findings', 'orders', 'notices'],
  confirmsOrders: false,
  example: {
    url: 'https://chat.example.com/api/messages',
    method: 'POST',
    format: 'json',
    headers: { authorization: 'Bearer {{secret}}' },
    body: { channel: 'soc', text: '[{{severity}}] {{title}}: {{text}}', data: '{{data}}' },
    secret: 'a-token',
    allow_private: false,
  },
  problems: (settings) => [...urlProblems(settings), ...problems(settings)],
  destination: ({ url }) => url,
  render,
  open: (settings, tools) =>
    createHttpChannel<Rendered>({
      ...tools,
      url: settings.url,
      allowPrivate: settings.allow_private,
      ...caOf(settings),
      request: ({ body, headers }, { id }) => ({
        body,
        method: settings.method,
        headers: { 'idempotency-key': id, ...headers },
      }),
    }),
})
