/**
 * Takes what Elasticsearch documents for its bulk interface, documents of the schema test/forms/ecs.ts alone, and each id
 * once: a repeat is answered as a conflict and changes nothing.
 */
import { ecsProblems } from '../../forms/ecs.ts'
import { demand, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

const USER = `Basic ${Buffer.from('elastic:secret-word').toString('base64')}`

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '',
    { username: 'elastic', password: 'secret-word', index: 'notices' },
    ({ headers, body, method, path }) => {
      demand(method === 'POST' && path === '/notices/_bulk', `${method} ${path}`)
      demand(headers['content-type'] === 'application/x-ndjson', 'not NDJSON')
      demand(headers.authorization === USER, 'not the user')
      const lines = body.split('\n')
      demand(lines.length === 3 && lines[2] === '', 'not an action, a document and the last line end')
      const action = JSON.parse(lines[0]!) as { create: { _id: unknown } }
      onlyKeys(action, ['create'])
      onlyKeys(action.create, ['_id'])
      const id = String(action.create._id)
      demand(id.length > 0 && Buffer.byteLength(id) <= 512, 'an id that is empty or longer than 512 bytes')
      const document = JSON.parse(lines[1]!) as Record<string, Record<string, unknown>>
      const problems = ecsProblems(document)
      demand(problems.length === 0, problems.join('; '))
      return { text: body, key: String(document['event']!['id']), act: '' }
    },
    { status: 200, body: '{"took":1,"errors":false,"items":[{"create":{"_id":"x","status":201}}]}' },
  )
