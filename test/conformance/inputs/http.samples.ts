/** Requests of plain HTTP, in the forms in which shippers write JSON. */
import { bearer, EVENTS, type InputSamples, JSON_TYPE } from './samples.ts'

const lines = EVENTS.map((event) => JSON.stringify(event)).join('\n')
const NDJSON = { 'content-type': 'application/x-ndjson' }
const wrapped = EVENTS.map((event) => ({ date: 1, host: 'node-1', log: JSON.stringify(event) }))

export const samples: InputSamples = {
  requests: [
    { path: '/v1/events', body: JSON.stringify(EVENTS), headers: JSON_TYPE, records: EVENTS },
    { path: '/v1/events', body: lines, headers: NDJSON, records: EVENTS },
    { path: '/v1/events', body: lines.replace('\n', ''), headers: JSON_TYPE, records: EVENTS },
    { path: '/v1/records', body: JSON.stringify(wrapped), headers: JSON_TYPE, records: EVENTS },
    {
      path: '/v1/records',
      body: wrapped.map((one) => JSON.stringify(one)).join('\n'),
      headers: NDJSON,
      records: EVENTS,
    },
  ],
  mixed: { path: '/v1/records', body: JSON.stringify([...wrapped, { hello: 'world' }]), headers: JSON_TYPE },
  bad: [
    { path: '/v1/events', body: '{"hello": "world"}', headers: JSON_TYPE },
    { path: '/v1/records', body: '[{"log": "GET /index.html"}]', headers: JSON_TYPE },
    { path: '/v1/kubernetes-audit', body: JSON.stringify(EVENTS), headers: JSON_TYPE },
  ],
  token: bearer,
}
