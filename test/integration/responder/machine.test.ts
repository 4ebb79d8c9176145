/**
 * What must never happen to a quarantine, over random acts of people and sinks that fail at random: a receiver that keeps
 * the order with the highest sequence of each identity must end up where the list says the identity is.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hash32 } from '../../../schemas/ids.ts'
import { isActive, type Quarantine, type QuarantineOrder } from '../../../schemas/quarantine.ts'
import { parseConfig } from '../../../services/lib/config.ts'
import { eventually, finding, sinkOf, type TestBench, testBench } from '../../support/responder.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

type Act = {
  readonly act: 'quarantine' | 'finding' | 'release' | 'approve'
  readonly who: number
  readonly pick: number
}

let gate: WebhookReceiver
let bench: TestBench
let runs = 0

beforeAll(async () => {
  gate = await startWebhookReceiver({ verify: false })
  const met = new Map<string, number>()
  gate.answer = ({ id }) => {
    met.set(id, (met.get(id) ?? 0) + 1)
    return hash32(`${id}/${met.get(id)}`) % 2 === 0 || met.get(id)! > 3 ? 200 : 500
  }
  const policy = parseConfig('policy: {mode: enforce, caps: {per_hour: 2}, rules: [{actions: [quarantine]}]}')
  if (!policy.ok) throw new Error('the policy of the test is not valid')
  const sinks = [sinkOf(gate.url, { tenant: '*', receives: ['orders'] })]
  bench = await testBench({ config: { sinks, policy: policy.config.policy }, delaysMs: [0, 10, 10, 10, 10, 10, 10] })
})
afterAll(async () => {
  await bench.close()
  await gate.close()
})

const listOf = async (tenant: string): Promise<readonly Quarantine[]> => {
  const answer = await bench.responder.views.quarantines(tenant, { limit: 1_000, cursor: null })
  return answer.ok ? answer.items : []
}

async function perform(tenant: string, { act, who, pick }: Act, number: number): Promise<void> {
  const identity = `agent-${who}`
  const known = await listOf(tenant)
  const some = known.length === 0 ? undefined : known[pick % known.length]
  if (act === 'finding') {
    // Hours apart, so that each opens an incident of its own.
    const time = new Date(Date.UTC(2026, 0, 5) + number * 7_200_000).toISOString()
    await bench.sendFinding(finding({ tenant, agent: identity, time }))
  } else if (act === 'quarantine') await bench.sendCommand(act, { identities: [identity], reason: 'x' }, tenant)
  else if (some !== undefined) await bench.sendCommand(act, { quarantine_ids: [some.id], reason: 'x' }, tenant)
}

/** Everything asked for so far is done: a marker's order has been delivered, and nothing is pending. */
async function quiet(tenant: string, findings: number): Promise<void> {
  await bench.sendCommand('quarantine', { identities: ['marker'], reason: 'x' }, tenant)
  await eventually('quiet', async () => {
    const deliveries = await bench.responder.views.deliveries(tenant, { limit: 1_000, cursor: null })
    const incidents = await bench.responder.views.incidents(tenant, { limit: 1_000, cursor: null })
    const marked = (await listOf(tenant)).some((q) => q.identity === 'marker' && q.status === 'acknowledged')
    const taken = incidents.ok && incidents.items.length === findings
    return marked && taken && deliveries.ok && deliveries.items.every((d) => d.status !== 'pending')
  })
}

const act = fc.record({
  act: fc.constantFrom<Act['act'][]>('quarantine', 'finding', 'release', 'approve', 'release'),
  who: fc.nat({ max: 2 }),
  pick: fc.nat({ max: 9 }),
})

it('the receiver and the list agree in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 12 }), async (acts) => {
      runs += 1
      const tenant = `tenant-${runs}`
      for (const [i, each] of acts.entries()) await perform(tenant, each, i)
      await quiet(tenant, acts.filter((a) => a.act === 'finding').length)

      const newest = new Map<string, QuarantineOrder>()
      const all = gate.received
        .map((r) => r.event.data as unknown as QuarantineOrder)
        .filter((o) => o.tenant === tenant)
      const bodies = new Map<string, string>()
      for (const order of all) {
        const name = `${order.identity}/${order.sequence}`
        // A sequence number means one order.
        expect(bodies.get(name) ?? JSON.stringify(order)).toBe(JSON.stringify(order))
        bodies.set(name, JSON.stringify(order))
        if (order.sequence > (newest.get(order.identity)?.sequence ?? 0)) newest.set(order.identity, order)
      }
      const list = await listOf(tenant)
      const held = new Set(list.filter(isActive).map((q) => q.identity))
      const heldThere = [...newest.values()].filter((o) => o.action !== 'release').map((o) => o.identity)
      expect(new Set(heldThere)).toEqual(held)
      // Nobody is held twice, and nobody's number is used twice.
      expect(list.filter(isActive)).toHaveLength(held.size)
      expect(new Set(list.map((q) => `${q.identity} ${q.sequence}`)).size).toBe(list.length)
    }),
    { numRuns: 25, interruptAfterTimeLimit: 60_000 },
  )
}, 180_000)
