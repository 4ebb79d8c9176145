/**
 * Opsgenie and Jira Service Management, through the Alert API. A matter has one alert, named by its alias: an incident's id.
 * Paging creates it, triage acknowledges and closes it. Both products take requests into a queue and answer 202.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { createHttpChannel } from '../lib/http.ts'
import { type Step, stepOf } from '../lib/steps.ts'
import { type Summary, summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, caOf, pathBelow, urlProblems } from '../lib/url.ts'
import { defineSinkType } from '../sink-type.ts'

const PATH = '/v2/alerts'
/** The API's bounds, in characters. */
const MESSAGE_CHARS_MAX = 130
const ALIAS_CHARS_MAX = 512
const DESCRIPTION_CHARS_MAX = 15_000
const ENTITY_CHARS_MAX = 512
const TAG_CHARS_MAX = 50
const USER_CHARS_MAX = 100
/** Of all keys and values of the details together it is 8,000. */
const DETAIL_CHARS_MAX = 400
const UNPROCESSABLE = 422

const PRIORITY: Readonly<Record<Summary['severity'], string>> = {
  critical: 'P1',
  high: 'P2',
  medium: 'P3',
  low: 'P4',
  info: 'P5',
}

const ACTS: Readonly<Record<Exclude<Step, 'trigger'>, string>> = { acknowledge: 'acknowledge', resolve: 'close' }

interface AlertRequest {
  /** Below that of all alerts. */
  readonly path: string
  readonly body: string
}

function render(notice: Notice): AlertRequest {
  const { severity, title, text, tenant, identity, subject, facts } = summaryOf(notice)
  const alias = oneLine(subject || notice.type, ALIAS_CHARS_MAX)
  const source = 'moltwatch'
  const step = stepOf(notice.type)
  if (step !== 'trigger') {
    const user = oneLine(String(notice.data['by'] ?? source), USER_CHARS_MAX)
    const path = `/${encodeURIComponent(alias)}/${ACTS[step]}?identifierType=alias`
    return { path, body: JSON.stringify({ source, user, note: oneLine(text, DESCRIPTION_CHARS_MAX) }) }
  }
  const details = [['notice', notice.type], ['tenant', tenant], ...facts] as const
  const body = {
    message: oneLine(title, MESSAGE_CHARS_MAX),
    alias,
    description: oneLine(text, DESCRIPTION_CHARS_MAX),
    ...(identity === '' ? {} : { entity: oneLine(identity, ENTITY_CHARS_MAX) }),
    source,
    priority: PRIORITY[severity],
    tags: [source, oneLine(notice.type, TAG_CHARS_MAX)],
    details: Object.fromEntries(details.map(([name, value]) => [name, oneLine(value, DETAIL_CHARS_MAX)])),
  }
  return { path: '', body: JSON.stringify(body) }
}

const Settings = Type.Object(
  {
    api_key: Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: '^[!-~]+$',
      description: 'Of an integration of the type API',
      secret: true,
    }),
    url: Type.String({
      default: 'https://api.opsgenie.com',
      description:
        'https://api.eu.opsgenie.com for the EU; https://api.atlassian.com/jsm/ops/integration for Jira Service Management',
    }),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

export const opsgenie = defineSinkType({
  type: 'opsgenie',
  about: 'Alerts into Opsgenie or Jira Service Management, which follow the triage of their incident.',
  settings: Settings,
  receives: ['notices', 'triage'],
  confirmsOrders: false,
  example: {
    api_key: '00000000-0000-0000-0000-000000000000',
    url: 'https://api.opsgenie.com',
    allow_private: false,
  },
  problems: urlProblems,
  destination: ({ url, api_key: key }) => `${url}#${key}`,
  render,
  open: (settings, tools) =>
    createHttpChannel<AlertRequest>({
      ...tools,
      url: settings.url,
      allowPrivate: settings.allow_private,
      ...caOf(settings),
      isFinal: (status) => status === UNPROCESSABLE,
      request: ({ path, body }) => ({
        body,
        path: `${pathBelow(settings.url, PATH)}${path}`,
        headers: { 'content-type': 'application/json', authorization: `GenieKey ${settings.api_key}` },
      }),
    }),
})
