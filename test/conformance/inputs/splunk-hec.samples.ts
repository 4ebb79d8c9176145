/** Requests of clients of Splunk's HTTP Event Collector. */
import { EVENTS, type InputSamples } from './samples.ts'

const wrap = (event: unknown): string =>
  JSON.stringify({ time: 1772366400.123, host: 'node-1', sourcetype: '_json', index: 'main', event })

export const samples: InputSamples = {
  requests: [
    { path: '/services/collector/event', body: EVENTS.map(wrap).join(''), headers: {}, records: EVENTS },
    {
      path: '/services/collector',
      body: EVENTS.map((event) => wrap(JSON.stringify(event))).join('\n'),
      headers: {},
      records: EVENTS,
    },
    {
      path: '/services/collector/raw',
      body: EVENTS.map((event) => JSON.stringify(event)).join('\n'),
      headers: {},
      records: EVENTS,
    },
  ],
  mixed: { path: '/services/collector/event/1.0', body: [...EVENTS, 'no JSON at all'].map(wrap).join(''), headers: {} },
  bad: [
    { path: '/services/collector/event', body: '{"time": 1}', headers: {} },
    { path: '/services/collector/event', body: '{"event": ""}', headers: {} },
    { path: '/services/collector/raw', body: 'GET /index.html\nGET /', headers: {} },
  ],
  token: (token) => ({ authorization: `Splunk ${token}` }),
}
