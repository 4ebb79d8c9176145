/** Takes what Opsgenie documents for its Alert API (create, acknowledge, close), and nothing else. */
import { demand, isText, onlyKeys, startHttpReceiver, type StartReceiver, type Taken } from './receiver.ts'

const KEY = '11111111-2222-3333-4444-555555555555'
const FOLLOW = /^\/v2\/alerts\/([^/?]{1,1536})\/(acknowledge|close)\?identifierType=alias$/
const DETAILS_CHARS_MAX = 8_000

function checkCreation(alert: Record<string, unknown>): Taken {
  const known = ['message', 'alias', 'description', 'responders', 'visibleTo', 'actions', 'tags', 'details']
  onlyKeys(alert, [...known, 'entity', 'source', 'priority', 'user', 'note'])
  demand(isText(alert['message'], 130), 'a message that is empty or longer than 130')
  demand(isText(alert['alias'], 512), 'an alias that is empty or longer than 512')
  demand(isText(alert['description'], 15_000), 'a description that is empty or longer than 15,000')
  demand(alert['entity'] === undefined || isText(alert['entity'], 512), 'an entity that is empty or longer than 512')
  demand(isText(alert['source'], 100), 'no source')
  demand(/^P[1-5]$/.test(String(alert['priority'])), `priority ${String(alert['priority'])}`)
  const tags = alert['tags'] as unknown[]
  demand(tags.length <= 20 && tags.every((tag) => isText(tag, 50)), 'more than 20 tags, or longer than 50')
  const details = Object.entries(alert['details'] as Record<string, unknown>)
  demand(
    details.every(([, value]) => typeof value === 'string'),
    'details that are no texts',
  )
  demand(details.flat().join('').length <= DETAILS_CHARS_MAX, 'details of more than 8,000 characters')
  return { text: JSON.stringify(alert), key: alert['alias'], act: 'trigger' }
}

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '',
    { api_key: KEY },
    ({ headers, body, method, path }) => {
      demand(method === 'POST', `method ${method}`)
      demand(headers['content-type'] === 'application/json', 'not JSON')
      demand(headers.authorization === `GenieKey ${KEY}`, 'not the key of the integration')
      const request = JSON.parse(body) as Record<string, unknown>
      if (path === '/v2/alerts') return checkCreation(request)
      const [, alias = '', act] = FOLLOW.exec(path) ?? []
      demand(act !== undefined, `${method} ${path}`)
      onlyKeys(request, ['user', 'source', 'note'])
      demand(isText(request['user'], 100) && isText(request['source'], 100), 'no user, no source, or too long')
      demand(isText(request['note'], 25_000), 'a note that is empty or longer than 25,000')
      return { text: body, key: decodeURIComponent(alias), act: act === 'close' ? 'resolve' : act }
    },
    { status: 202, body: '{"result":"Request will be processed","took":0.1,"requestId":"x"}' },
  )
