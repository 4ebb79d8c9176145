/** Takes what PagerDuty documents for the Events API v2, and nothing else. */
import { demand, isText, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

const KEY = 'f'.repeat(32)
const BYTES_MAX = 512 * 1024

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '/v2/enqueue',
    { routing_key: KEY },
    ({ headers, body, method, path }) => {
      demand(method === 'POST' && path === '/v2/enqueue', `${method} ${path}`)
      demand(headers['content-type'] === 'application/json', 'not JSON')
      demand(Buffer.byteLength(body) <= BYTES_MAX, 'more than 512 kB')
      const event = JSON.parse(body) as Record<string, unknown>
      onlyKeys(event, [
        'routing_key',
        'event_action',
        'dedup_key',
        'payload',
        'client',
        'client_url',
        'links',
        'images',
      ])
      demand(event['routing_key'] === KEY, 'a routing key that is not the one of the service')
      demand(isText(event['dedup_key'], 255), 'a dedup_key that is empty or longer than 255')
      const act = String(event['event_action'])
      demand(['trigger', 'acknowledge', 'resolve'].includes(act), `event_action ${act}`)
      const payload = event['payload'] as Record<string, unknown> | undefined
      demand(
        (payload !== undefined) === (act === 'trigger'),
        'a payload where there must be none, or none where it must',
      )
      if (payload !== undefined) {
        const known = ['summary', 'source', 'severity', 'timestamp', 'component', 'group', 'class', 'custom_details']
        onlyKeys(payload, known)
        demand(isText(payload['summary'], 1_024), 'a summary that is empty or longer than 1,024')
        demand(isText(payload['source'], 10_000), 'no source')
        demand(['critical', 'error', 'warning', 'info'].includes(String(payload['severity'])), 'no such severity')
        demand(!Number.isNaN(Date.parse(String(payload['timestamp']))), 'a timestamp that is none')
        demand(typeof payload['custom_details'] === 'object', 'custom_details that are no object')
      }
      return { text: body, key: event['dedup_key'], act }
    },
    { status: 202, body: '{"status":"success","message":"Event processed","dedup_key":"x"}' },
  )
