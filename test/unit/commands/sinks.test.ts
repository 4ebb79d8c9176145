/** `sinks test`: one notice to one sink, at once, and what came of it. */
import { afterEach, expect, it } from 'vitest'
import { addSinks } from '../../../services/commands/sinks/test.ts'
import { type CommandRoom, createCommandRoom } from '../../support/command-room.ts'
import { startWebhookReceiver, TEST_SECRET, type WebhookReceiver } from '../../support/webhook-receiver.ts'

let room: CommandRoom
let receiver: WebhookReceiver
afterEach(async () => {
  room.clear()
  await receiver.close()
})

it('says whether the sink hears, and knows which sinks there are', async () => {
  room = createCommandRoom()
  receiver = await startWebhookReceiver()
  const sink = { name: 'siem', type: 'webhook', url: receiver.url, secret: TEST_SECRET, allow_private: true }
  const file = room.file('moltwatch.yaml', JSON.stringify({ sinks: [sink] }))
  const heard = await room.run(addSinks, ['sinks', 'test', 'siem', '--config', file])
  expect(heard).toMatchObject({ out: 'siem (webhook): delivered, answered 200\n', code: 0 })
  expect(receiver.received).toMatchObject([{ verified: true, event: { type: 'sink.test', data: { sink: 'siem' } } }])
  receiver.answer = () => 500
  expect(await room.run(addSinks, ['sinks', 'test', 'siem', '--config', file])).toMatchObject({
    out: 'siem (webhook): failed, answered 500\n',
    code: 1,
  })
  await expect(room.run(addSinks, ['sinks', 'test', 'siam', '--config', file])).rejects.toThrow(
    'has no sink siam (known: siem)',
  )
})
