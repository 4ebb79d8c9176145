/** A quarantine that nobody carries out does not look under way: its reason says so, others hear of it, and nothing is lost. */
import { afterEach, expect, it } from 'vitest'
import type { Quarantine } from '../../../schemas/quarantine.ts'
import { eventually, finding, simulatedTime, sinkOf, type TestBench, testBench } from '../../support/responder.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

let bench: TestBench | undefined
const receivers: WebhookReceiver[] = []

afterEach(async () => {
  await bench?.close()
  bench = undefined
  for (const each of receivers.splice(0)) await each.close()
})

const receiver = async (): Promise<WebhookReceiver> => {
  const fresh = await startWebhookReceiver({ verify: false })
  receivers.push(fresh)
  return fresh
}
const quarantine = async (identity: string): Promise<Quarantine | undefined> => {
  const answer = await bench!.responder.views.quarantines('default', { limit: 100, cursor: null })
  return answer.ok ? answer.items.find((q) => q.identity === identity) : undefined
}
const until = (identity: string, holds: (q: Quarantine) => boolean) =>
  eventually(identity, async () => {
    const q = await quarantine(identity)
    return q !== undefined && holds(q)
  })
const order = (identity: string) => bench!.sendCommand('quarantine', { identities: [identity], reason: 'stolen' })

it('says so when the only sink that takes orders is disabled, and sends what was missed when it is enabled', async () => {
  const gate = await receiver()
  const pager = await receiver()
  gate.answer = () => 410
  const sinks = [
    sinkOf(gate.url, { name: 'gate', receives: ['orders'] }),
    sinkOf(pager.url, { name: 'pager', receives: ['notices'] }),
  ]
  bench = await testBench({ config: { sinks } })
  await order('first')
  await until('first', (q) => q.status === 'requested' && q.status_reason.includes('no sink accepted the order: gate'))
  await order('second')
  await until('second', (q) => q.status_reason === 'not carried out, sink disabled: gate')
  await pager.until((all) => all.filter(({ event }) => event.type === 'quarantine.unheard').length === 2)
  const told = pager.received.filter(({ event }) => event.type === 'quarantine.unheard')
  expect(told.map(({ event }) => String(event.data['identity'])).toSorted()).toEqual(['first', 'second'])

  // Enabled too early, it answers 410 to both, which are tried together: that is told once more, and not for each.
  await bench.sendCommand('enable-sink', { sink: 'gate', reason: 'repaired?' })
  await gate.until((all) => all.length === 3)
  await eventually('the end of both attempts', async () => {
    const answer = await bench!.responder.views.deliveries('default', { limit: 100, cursor: null })
    return answer.ok && answer.items.every(({ status, sink }) => sink !== 'gate' || status === 'dead')
  })
  await pager.until((all) => all.filter(({ event }) => event.type === 'sink.disabled').length === 2)

  gate.answer = () => 200
  await bench.sendCommand('enable-sink', { sink: 'gate', reason: 'repaired' })
  for (const identity of ['first', 'second']) {
    await until(identity, (q) => q.status === 'acknowledged' && q.status_reason === '')
  }
  const orders = gate.received.filter(({ event }) => event.type === 'quarantine.requested')
  // The first attempt of the first, both in vain, and both again.
  const identities = orders.map(({ event }) => String(event.data['identity']))
  expect(identities.toSorted()).toEqual(['first', 'first', 'first', 'second', 'second'])
  expect(pager.received.filter(({ event }) => event.type === 'sink.disabled')).toHaveLength(2)
})

it('tries an order again within seconds, while findings keep their schedule', async () => {
  const gate = await receiver()
  gate.answer = () => 500
  const { clock, timers, advance } = simulatedTime()
  bench = await testBench({ clock, timers, config: { sinks: [sinkOf(gate.url, { name: 'gate' })] } })
  await bench.sendFinding(finding())
  await order('agent-2')
  await gate.until((all) => all.length === 2)
  await until(
    'agent-2',
    (q) => q.status === 'sent' && q.status_reason === 'gate did not accept the order: answered 500',
  )
  const count = (type: string) => gate.received.filter(({ event }) => event.type === type).length
  for (const [waitMs, attempts] of [
    [1_100, 2],
    [2_200, 3],
    [4_400, 4],
  ] as const) {
    await advance(waitMs)
    await gate.until(() => count('quarantine.requested') === attempts)
  }
  expect(count('finding.created')).toBe(2)
  await eventually('the end of the fourth attempt', async () => {
    const answer = await bench!.responder.views.deliveries('default', { limit: 100, cursor: null })
    const delivery = answer.ok ? answer.items.find(({ type }) => type === 'quarantine.requested') : undefined
    return delivery?.attempts === 4 && delivery.last_outcome === 'answered 500'
  })
  gate.answer = () => 200
  await bench.sendCommand('replay', { sink: 'gate' })
  await until('agent-2', (q) => q.status === 'acknowledged' && q.status_reason === '')
  await gate.until(() => count('finding.created') === 3)
})

it('tells triage to sinks that ask for it, second revisions to those that want them, and to no others', async () => {
  const siem = await receiver()
  const plain = await receiver()
  const sinks = [
    sinkOf(siem.url, { name: 'siem', receives: ['findings', 'revisions', 'triage'] }),
    sinkOf(plain.url, { name: 'plain' }),
  ]
  bench = await testBench({ config: { sinks } })
  await bench.sendFinding(finding())
  await siem.until((all) => all.length === 1)
  await bench.sendFinding({ ...finding(), revision: 2 })
  await siem.until((all) => all.length === 2)
  const answer = await bench.responder.views.incidents('default', { limit: 10, cursor: null })
  const id = answer.ok ? answer.items[0]!.id : ''
  for (const status of ['in_progress', 'resolved', 'new']) {
    await bench.sendCommand('triage', { incident_ids: [id], status, reason: 'x' })
  }
  await siem.until((all) => all.length === 5)
  expect(siem.received.map(({ event }) => event.type).toSorted()).toEqual([
    'finding.created',
    'finding.updated',
    'incident.acknowledged',
    'incident.closed',
    'incident.reopened',
  ])
  await bench.restart()
  expect(plain.received.map(({ event }) => event.type)).toEqual(['finding.created'])
  expect(new Set(siem.received.map(({ id: delivery }) => delivery)).size).toBe(5)
})
