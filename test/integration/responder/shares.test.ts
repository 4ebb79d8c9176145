/** One tenant floods a sink that serves all: another tenant's pages and orders go out before the flood, and none is killed. */
import { afterEach, expect, it } from 'vitest'
import { finding, sinkOf, type TestBench, testBench } from '../../support/responder.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

let bench: TestBench | undefined
let receiver: WebhookReceiver | undefined
afterEach(async () => {
  await bench?.close()
  await receiver?.close()
})

it('an order of one tenant does not stand behind the findings of another', async () => {
  const shared = await startWebhookReceiver({ verify: false })
  receiver = shared
  // A receiver that is slow to begin with: the flood waits.
  let isOpen = false
  shared.answer = () => (isOpen ? 200 : { status: 429, headers: { 'retry-after': '2' } })
  const sinks = [sinkOf(shared.url, { tenant: '*', min_severity: 'info' })]
  bench = await testBench({ config: { sinks }, delaysMs: [0, 10, 10, 10, 10] })
  // Of several detectors, so that none of it waits for a digest.
  const flood = Array.from({ length: 120 }, (_, n) =>
    finding({ tenant: 'hostile', agent: `bot-${n}`, detector: `lateral/flood-${n % 4}` }),
  )
  for (const one of flood) await bench.sendFinding(one)
  await shared.until((all) => all.length >= 4)
  isOpen = true
  await bench.sendCommand('quarantine', { identities: ['victim'], reason: 'stolen' }, 'quiet')
  await shared.until((all) => all.some(({ event }) => event.type === 'quarantine.requested'))
  const answered = shared.received.filter(({ event }) => event.type === 'finding.created').length
  expect(answered).toBeLessThan(30)
  await shared.until((all) => new Set(all.map(({ id }) => id)).size === flood.length + 1)
})
