/**
 * Elasticsearch and OpenSearch, through the bulk interface: each notice is one document of the Elastic Common Schema, made
 * with `create` under the delivery's id, so that a repeat meets the document that is there and changes nothing.
 */
import Type from 'typebox'
import { createHttpChannel, type Refusal } from '../lib/http.ts'
import { writeJson } from '../lib/json.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, caOf, pathBelow, urlProblems, urlSetting } from '../lib/url.ts'
import { defineSinkType, type SettingProblem } from '../sink-type.ts'
import { ecsOf } from './ecs.ts'

const REASON_CHARS_MAX = 200
const CONFLICT = 409
const BUSY = 429

const Settings = Type.Object(
  {
    url: urlSetting('Of the cluster, as https://elastic.example.com:9200'),
    index: Type.String({
      pattern: '^[a-z0-9][a-z0-9._-]{0,200}$',
      default: 'logs-moltwatch.notice-default',
      description: 'Data stream, index or alias that is written to',
    }),
    api_key: Type.Optional(
      Type.String({ pattern: '^[!-~]{1,1024}$', description: 'As Elasticsearch encodes it: base64', secret: true }),
    ),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'With password, instead' })),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024, secret: true })),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

interface Item {
  readonly status?: unknown
  readonly error?: { readonly type?: unknown; readonly reason?: unknown }
}

/** What the one item of the answer says where the document is not there now. */
function refusal(text: string): Refusal | undefined {
  let item: Item | undefined
  try {
    item = (JSON.parse(text) as { readonly items?: readonly { readonly create?: Item }[] }).items?.[0]?.create
  } catch {
    item = undefined
  }
  if (typeof item?.status !== 'number') return { detail: 'said nothing that the bulk interface says' }
  const { status, error } = item
  if ((status >= 200 && status < 300) || status === CONFLICT) return undefined
  const why = [error?.type, error?.reason].filter((part) => typeof part === 'string').join(': ')
  const detail = `said ${status} of the document: ${oneLine(why, REASON_CHARS_MAX)}`
  return { detail, isFinal: status >= 400 && status < 500 && status !== BUSY }
}

interface Access {
  readonly api_key?: string
  readonly username?: string
  readonly password?: string
}

function authorizationOf({ api_key: key, username, password }: Access): Readonly<Record<string, string>> {
  if (key !== undefined) return { authorization: `ApiKey ${key}` }
  if (username === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}

function accessProblems({ api_key: key, username, password }: Access): SettingProblem[] {
  if (key !== undefined && username !== undefined)
    return [{ key: 'api_key', message: 'stands beside username: give one' }]
  if ((username === undefined) === (password === undefined)) return []
  return [{ key: username === undefined ? 'password' : 'username', message: 'username and password go together' }]
}

export const elasticsearch = defineSinkType({
  type: 'elasticsearch',
  about: 'Documents of the Elastic Common Schema into Elasticsearch or OpenSearch.',
  settings: Settings,
  receives: ['findings', 'revisions', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: { url: 'https://elastic.example.com:9200', index: 'logs-moltwatch.notice-default', allow_private: false },
  problems: (settings) => [...urlProblems(settings), ...accessProblems(settings)],
  destination: ({ url, index }) => `${url}#${index}`,
  render: (notice) => writeJson(ecsOf(notice)),
  open: (settings, tools) =>
    createHttpChannel<string>({
      ...tools,
      url: settings.url,
      allowPrivate: settings.allow_private,
      ...caOf(settings),
      refusal,
      request: (document, { id }) => ({
        body: `${JSON.stringify({ create: { _id: id } })}\n${document}\n`,
        path: pathBelow(settings.url, `/${settings.index}/_bulk`),
        headers: { 'content-type': 'application/x-ndjson', ...authorizationOf(settings) },
      }),
    }),
})
