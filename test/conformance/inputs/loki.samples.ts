/** Requests of Loki's clients, in JSON and in protobuf. */
import { lokiPush } from '../../support/loki.ts'
import { EVENTS, type InputSamples, JSON_TYPE } from './samples.ts'

const LABELS = { app: 'agents', env: 'test' }
const push = (lines: readonly string[]): string =>
  JSON.stringify({ streams: [{ stream: LABELS, values: lines.map((line, i) => [`177236640000000000${i}`, line]) }] })
const lines = EVENTS.map((event) => JSON.stringify(event))
const path = '/loki/api/v1/push'
const PROTOBUF = { 'content-type': 'application/x-protobuf' }

export const samples: InputSamples = {
  status: 204,
  requests: [
    { path, body: push(lines), headers: JSON_TYPE, records: EVENTS },
    { path, body: push(lines.map((line) => JSON.stringify({ log: line }))), headers: JSON_TYPE, records: EVENTS },
    {
      path,
      body: lokiPush(
        '{app="agents", env="test"}',
        lines.map((line, i) => [1_772_366_400_000_000_000n + BigInt(i), line]),
      ),
      headers: PROTOBUF,
      records: EVENTS,
    },
  ],
  mixed: { path, body: push([...lines, '{"hello":"world"}']), headers: JSON_TYPE },
  bad: [
    { path, body: '{"streams": 7}', headers: JSON_TYPE },
    { path, body: push(['GET / 200']), headers: JSON_TYPE },
    { path, body: Uint8Array.of(255, 255, 255, 255, 127), headers: PROTOBUF },
    { path, body: Uint8Array.of(4, 5, 0, 0), headers: PROTOBUF },
  ],
  token: (token) => ({ authorization: `Basic ${Buffer.from(`tenant:${token}`).toString('base64')}` }),
}
