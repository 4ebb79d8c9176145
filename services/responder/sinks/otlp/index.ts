/**
 * OpenTelemetry logs over HTTP, in JSON: each notice is one log record with the name of an event, for a collector or any
 * backend that takes OTLP. `log.record.uid` is the same on every attempt. What the receiver rejects in a partial success
 * must not be sent again, says the protocol.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { createHttpChannel, type Refusal } from '../lib/http.ts'
import { writeJson } from '../lib/json.ts'
import { type Summary, summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { allowPrivateSetting, caFileSetting, caOf, pathBelow, urlProblems, urlSetting } from '../lib/url.ts'
import { defineSinkType } from '../sink-type.ts'

const PATH = '/v1/logs'
const NANOS_PER_MS = '000000'
const MESSAGE_CHARS_MAX = 200
const HTTP_BAD_REQUEST = 400

/** Numbers of the log data model. */
const SEVERITY_NUMBER: Readonly<Record<Summary['severity'], number>> = {
  info: 9,
  low: 10,
  medium: 13,
  high: 17,
  critical: 21,
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}
interface LogRecord {
  readonly attributes: readonly Attribute[]
  readonly [field: string]: unknown
}

const attribute = (key: string, text: string): Attribute => ({ key, value: { stringValue: text } })

function render(notice: Notice): LogRecord {
  const { severity, title, text, tenant, identity, subject, facts } = summaryOf(notice)
  const nanos = `${Date.parse(notice.time)}${NANOS_PER_MS}`
  const named = [
    ['gen_ai.agent.id', identity],
    ['moltwatch.tenant', tenant],
    ['moltwatch.subject', subject],
    ['moltwatch.why', text],
    ...facts.map(([name, value]) => [`moltwatch.${name}`, value] as const),
    ['moltwatch.data', writeJson(notice.data)],
  ] as const
  return {
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    severityNumber: SEVERITY_NUMBER[severity],
    severityText: severity,
    eventName: `moltwatch.${notice.type}`,
    body: { stringValue: title },
    attributes: named.filter(([, value]) => value !== '').map(([key, value]) => attribute(key, value)),
  }
}

function requestOf(record: LogRecord, id: string): string {
  const logRecords = [{ ...record, attributes: [...record.attributes, attribute('log.record.uid', id)] }]
  const resource = { attributes: [attribute('service.name', 'moltwatch')] }
  return writeJson({ resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'moltwatch' }, logRecords }] }] })
}

/** A partial success that rejects the one record. */
function refusal(text: string): Refusal | undefined {
  try {
    const { partialSuccess: partial } = JSON.parse(text) as {
      readonly partialSuccess?: { readonly rejectedLogRecords?: unknown; readonly errorMessage?: unknown }
    }
    if (Number(partial?.rejectedLogRecords ?? 0) === 0) return undefined
    const said = oneLine(String(partial?.errorMessage ?? 'without a reason'), MESSAGE_CHARS_MAX)
    return { detail: `the record was rejected: ${said}`, isFinal: true }
  } catch {
    // Receivers answer with protobuf, or with nothing if they have nothing to say.
    return undefined
  }
}

const Settings = Type.Object(
  {
    url: urlSetting('Of the receiver, as https://otel.example.com:4318'),
    authorization: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4_096,
        pattern: '^[ -~]+$',
        description: 'Value of the header Authorization, as Bearer and a token',
        secret: true,
      }),
    ),
    ca_file: caFileSetting(),
    allow_private: allowPrivateSetting(),
  },
  { additionalProperties: false },
)

const authorizationOf = ({ authorization }: { readonly authorization?: string }): Readonly<Record<string, string>> =>
  authorization === undefined ? {} : { authorization }

export const otlp = defineSinkType({
  type: 'otlp',
  about: 'Log records of OpenTelemetry into a collector or any backend that takes OTLP over HTTP.',
  settings: Settings,
  receives: ['findings', 'revisions', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: { url: 'https://otel.example.com:4318', allow_private: false },
  problems: urlProblems,
  destination: ({ url }) => url,
  render,
  open: (settings, tools) =>
    createHttpChannel<LogRecord>({
      ...tools,
      url: settings.url,
      allowPrivate: settings.allow_private,
      ...caOf(settings),
      refusal,
      isFinal: (status) => status === HTTP_BAD_REQUEST,
      request: (record, { id }) => ({
        body: requestOf(record, id),
        path: pathBelow(settings.url, PATH),
        headers: { 'content-type': 'application/json', ...authorizationOf(settings) },
      }),
    }),
})
