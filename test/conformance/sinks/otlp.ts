/** Takes what the OpenTelemetry protocol says of an export request of logs in JSON, and nothing else. */
import { demand, isText, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

interface Attribute {
  readonly key: unknown
  readonly value: Record<string, unknown>
}

const isNanos = (value: unknown): boolean => typeof value === 'string' && /^\d{19}$/.test(value)

function checkAttributes(attributes: readonly Attribute[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const attribute of attributes) {
    onlyKeys(attribute, ['key', 'value'])
    onlyKeys(attribute.value, ['stringValue'])
    const { stringValue: value } = attribute.value
    demand(isText(attribute.key, 256) && !found.has(attribute.key), 'a key that is empty or stands twice')
    demand(
      typeof value === 'string' && value.isWellFormed(),
      `attribute ${attribute.key} is no text of whole characters`,
    )
    found.set(attribute.key, value)
  }
  return found
}

interface Request {
  readonly resourceLogs: {
    readonly resource: { readonly attributes: Attribute[] }
    readonly scopeLogs: { readonly scope: { readonly name: string }; readonly logRecords: Record<string, unknown>[] }[]
  }[]
}

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '',
    { authorization: 'Bearer abc' },
    ({ headers, body, method, path }) => {
      demand(method === 'POST' && path === '/v1/logs', `${method} ${path}`)
      demand(headers['content-type'] === 'application/json' && headers.authorization === 'Bearer abc', 'the headers')
      const request = JSON.parse(body) as Request
      onlyKeys(request, ['resourceLogs'])
      const [logs] = request.resourceLogs
      demand(logs !== undefined && request.resourceLogs.length === 1, 'not one resource')
      onlyKeys(logs, ['resource', 'scopeLogs', 'schemaUrl'])
      demand(checkAttributes(logs.resource.attributes).get('service.name') === 'moltwatch', 'no service.name')
      const [record] = logs.scopeLogs[0]!.logRecords
      demand(record !== undefined, 'no record')
      const times = ['timeUnixNano', 'observedTimeUnixNano']
      const texts = ['severityText', 'severityNumber', 'body', 'attributes', 'eventName', 'traceId', 'spanId', 'flags']
      onlyKeys(record, [...times, ...texts])
      for (const time of times) demand(isNanos(record[time]), `${time} is no text of nanoseconds`)
      const number = Number(record['severityNumber'])
      demand(Number.isInteger(number) && number >= 1 && number <= 24, `severityNumber ${number}`)
      demand(isText(record['eventName'], 256), 'no name of an event')
      onlyKeys(record['body'] as object, ['stringValue'])
      const attributes = checkAttributes(record['attributes'] as Attribute[])
      demand(isText(attributes.get('log.record.uid'), 64), 'no uid')
      return { text: body, key: attributes.get('moltwatch.subject') ?? '', act: '' }
    },
    { status: 200, body: '{}' },
  )
