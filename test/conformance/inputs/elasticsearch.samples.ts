/** Requests of clients of Elasticsearch's bulk interface. */
import { EVENTS, type InputSamples } from './samples.ts'

const bulk = (documents: readonly unknown[]): string =>
  documents.map((document) => `{"create":{"_index":"logs"}}\n${JSON.stringify(document)}\n`).join('')
const NDJSON = { 'content-type': 'application/x-ndjson' }

export const samples: InputSamples = {
  requests: [
    { path: '/elastic/_bulk', body: bulk(EVENTS), headers: NDJSON, records: EVENTS },
    {
      path: '/elastic/logs-agents/_bulk',
      body: bulk(
        EVENTS.map((event) => ({
          '@timestamp': '2026-03-01T12:00:00Z',
          agent: { type: 'filebeat' },
          message: JSON.stringify(event),
        })),
      ),
      headers: NDJSON,
      records: EVENTS,
    },
  ],
  mixed: { path: '/elastic/_bulk', body: bulk([...EVENTS, { message: 'GET /' }]), headers: NDJSON },
  bad: [
    { path: '/elastic/_bulk', body: bulk([{ message: 'GET /' }]), headers: NDJSON },
    { path: '/elastic/_bulk', body: '{"delete":{"_id":"1"}}\n', headers: NDJSON },
  ],
  token: (token) => ({ authorization: `ApiKey ${Buffer.from(`id:${token}`).toString('base64')}` }),
}
