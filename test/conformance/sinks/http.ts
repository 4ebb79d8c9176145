/** Takes the form that its settings describe: a header with a secret, and a body in which a notice is nothing but values. */
import { demand, isText, onlyKeys, startHttpReceiver, type StartReceiver } from './receiver.ts'

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '/api/messages?room=1',
    {
      method: 'PUT',
      secret: 'a-secret-word',
      headers: { Authorization: 'Token {{secret}}', 'X-Title': 'about {{title}}' },
      body: {
        room: 'soc',
        text: '[{{severity}}] {{title}}: {{ text }}',
        subject: '{{subject}}',
        data: '{{data}}',
        n: 1,
      },
    },
    ({ headers, body, method, path }) => {
      demand(method === 'PUT' && path === '/api/messages?room=1', `${method} ${path}`)
      demand(headers['content-type'] === 'application/json', 'not JSON')
      demand(headers.authorization === 'Token a-secret-word', 'not the token')
      demand(/^about [ -~]+$/.test(String(headers['x-title'])), 'a header that is no line of ASCII')
      demand(isText(headers['idempotency-key'], 64), 'no id of the delivery')
      const message = JSON.parse(body) as Record<string, unknown>
      onlyKeys(message, ['room', 'text', 'subject', 'data', 'n'])
      demand(message['room'] === 'soc' && message['n'] === 1, 'what was written is changed')
      demand(
        /^\[(info|low|medium|high|critical)\] /.test(String(message['text'])),
        'the text does not begin as written',
      )
      demand(typeof message['data'] === 'object' && message['data'] !== null, 'the data are no object')
      return { text: body, key: String(message['subject']), act: '' }
    },
    { status: 200, body: '' },
  )
