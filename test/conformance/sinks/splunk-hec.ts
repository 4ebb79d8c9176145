/** Takes what Splunk documents for the HTTP Event Collector, and nothing else. */
import { demand, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

const TOKEN = '11111111-2222-3333-4444-555555555555'

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '',
    { token: TOKEN, index: 'security' },
    ({ headers, body, method, path }) => {
      demand(method === 'POST' && path === '/services/collector/event', `${method} ${path}`)
      demand(headers.authorization === `Splunk ${TOKEN}`, 'no token of a collector')
      const event = JSON.parse(body) as Record<string, unknown>
      onlyKeys(event, ['time', 'host', 'source', 'sourcetype', 'index', 'event', 'fields'])
      demand(
        typeof event['time'] === 'number' && event['time'] > 1e9 && event['time'] < 1e10,
        'a time that is no epoch',
      )
      demand(event['index'] === 'security', 'not the index')
      demand(typeof event['event'] === 'object' && event['event'] !== null, 'no event')
      return { text: body, key: '', act: '' }
    },
    { status: 200, body: '{"text":"Success","code":0}' },
  )
