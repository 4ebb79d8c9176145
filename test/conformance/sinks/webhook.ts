/** Takes webhooks as any receiver does that verifies them with the Standard Webhooks library. */
import { Webhook } from 'standardwebhooks'
import { TEST_SECRET } from '../../support/webhook-receiver.ts'
import { demand, startHttpReceiver, type StartReceiver } from './receiver.ts'

const BYTES_MAX = 20_000

export const startReceiver: StartReceiver = () =>
  startHttpReceiver(
    '/hook',
    { secret: TEST_SECRET },
    ({ headers, body, method }) => {
      demand(method === 'POST', `method ${method}`)
      new Webhook(TEST_SECRET).verify(body, headers as Record<string, string>)
      demand(Buffer.byteLength(body) < BYTES_MAX, 'a body of 20 kB or more')
      const { type, timestamp, data } = JSON.parse(body) as Record<string, unknown>
      demand(typeof type === 'string' && typeof timestamp === 'string' && typeof data === 'object', 'not a webhook')
      return { text: body, key: String(headers['webhook-id']), act: '' }
    },
    { status: 200, body: '' },
  )
