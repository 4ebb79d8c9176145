/** Requests of OTLP over HTTP. */
import { bearer, type InputSamples, JSON_TYPE } from './samples.ts'

const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'invoice-bot' } }] }
const attributes = [{ key: 'gen_ai.tool.name', value: { stringValue: 'read_file' } }]
const LOGS = {
  resourceLogs: [{ resource, scopeLogs: [{ logRecords: [{ timeUnixNano: '1772366400000000000', attributes }] }] }],
}
const span = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  startTimeUnixNano: '1772366400000000000',
}
const TRACES = { resourceSpans: [{ resource, scopeSpans: [{ spans: [{ ...span, attributes }] }] }] }
const mixed = JSON.parse(JSON.stringify(LOGS).replace('"logRecords":[', '"logRecords":[7,')) as object

export const samples: InputSamples = {
  requests: [
    { path: '/v1/logs', body: JSON.stringify(LOGS), headers: JSON_TYPE, records: [LOGS] },
    { path: '/v1/traces', body: JSON.stringify(TRACES), headers: JSON_TYPE, records: [TRACES] },
  ],
  mixed: { path: '/v1/logs', body: JSON.stringify(mixed), headers: JSON_TYPE },
  bad: [
    { path: '/v1/logs', body: '{"hello": "world"}', headers: JSON_TYPE },
    { path: '/v1/traces', body: '{"resourceMetrics": []}', headers: JSON_TYPE },
  ],
  token: bearer,
}
