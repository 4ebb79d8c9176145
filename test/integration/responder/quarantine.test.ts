/** Policy, guard rails and the quarantine state machine, through findings, commands, webhooks and lists. */
import { afterEach, describe, expect, it } from 'vitest'
import { H } from '../../../schemas/ids.ts'
import { validator } from '../../../schemas/columns.ts'
import { Incident } from '../../../schemas/incident.ts'
import {
  type Quarantine,
  type QuarantineOrder,
  quarantineOrderValidator,
  quarantineValidator,
} from '../../../schemas/quarantine.ts'
import { parseConfig, type Policy } from '../../../services/lib/config.ts'
import {
  type BenchOptions,
  eventually,
  finding,
  settle,
  simulatedTime,
  sinkOf,
  type TestBench,
  testBench,
} from '../../support/responder.ts'
import { type Received, startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

let bench: TestBench | undefined
const receivers: WebhookReceiver[] = []
const incidentValidator = validator(Incident)

const receiver = async (): Promise<WebhookReceiver> => {
  const fresh = await startWebhookReceiver({ verify: false })
  receivers.push(fresh)
  return fresh
}
/** Policy as people write it. */
const policyOf = (yaml: string): Policy => {
  const outcome = parseConfig(`policy: ${yaml}`)
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message)
  return outcome.config.policy
}
const start = async (yaml: string, options: BenchOptions = {}): Promise<{ b: TestBench; gate: WebhookReceiver }> => {
  const gate = await receiver()
  const sinks = [sinkOf(gate.url, { name: 'gate' })]
  bench = await testBench({ ...options, config: { sinks, policy: policyOf(yaml), ...options.config } })
  return { b: bench, gate }
}
const quarantines = async (tenant = 'default'): Promise<readonly Quarantine[]> => {
  const answer = await bench!.responder.views.quarantines(tenant, { limit: 1_000, cursor: null })
  if (!answer.ok) throw new Error(answer.reason)
  for (const item of answer.items) expect(quarantineValidator.problems(item)).toEqual([])
  return answer.items
}
const incidents = async (): Promise<readonly Incident[]> => {
  const answer = await bench!.responder.views.incidents('default', { limit: 1_000, cursor: null })
  if (!answer.ok) throw new Error(answer.reason)
  for (const item of answer.items) expect(incidentValidator.problems(item)).toEqual([])
  return answer.items
}
const statusIs = (status: string) =>
  eventually(`a quarantine that is ${status}`, async () => (await quarantines())[0]?.status === status)
/** Waits until the commands so far are applied: commands of a tenant go in order, and this one shows. */
const applied = async (mark: string, tenant = 'default'): Promise<void> => {
  await bench!.sendCommand('quarantine', { identities: [`marker-${mark}`], reason: 'a marker' }, tenant)
  await eventually(mark, async () => (await quarantines(tenant)).some((q) => q.identity === `marker-${mark}`))
}
const orders = (all: readonly Received[]): QuarantineOrder[] =>
  all
    .filter((r) => r.event.type === 'quarantine.requested' || r.event.type === 'quarantine.released')
    .map((r) => {
      expect(quarantineOrderValidator.problems(r.event.data)).toEqual([])
      return r.event.data as unknown as QuarantineOrder
    })
const types = (all: readonly Received[]): string[] => all.map((r) => r.event.type).sort()

const CONTACT = {
  detector: 'peer/known-agent-network',
  severity: 'high',
  title: 'Contact with a listed agent network',
} as const
const RULE = "{mode: enforce, rules: [{detector: 'lateral/*', min_severity: high, actions: [quarantine]}]}"

afterEach(async () => {
  await bench?.close()
  bench = undefined
  for (const each of receivers.splice(0)) await each.close()
})

describe('automatic quarantine', () => {
  it('is off until a tenant turns it on', async () => {
    const { b, gate } = await start('{}')
    await b.sendFinding(finding(CONTACT))
    await gate.until((all) => all.length === 1)
    await settle()
    expect(types(gate.received)).toEqual(['finding.created'])
    expect(await quarantines()).toEqual([])
  })

  it('is turned on by the preset: order, page, acknowledgement', async () => {
    const { b, gate } = await start('{preset: contain-agent-networks}')
    const found = finding(CONTACT)
    await b.sendFinding(found)
    await statusIs('acknowledged')
    await gate.until((all) => all.length === 3)
    expect(types(gate.received)).toEqual(['finding.created', 'incident.paged', 'quarantine.requested'])
    const [q] = await quarantines()
    const [order] = orders(gate.received)
    expect(order).toMatchObject({
      id: q?.id,
      identity: 'agent-1',
      sequence: 1,
      action: 'quarantine',
      finding_ids: [found.id],
      ordered_by: 'policy',
    })
    expect(order?.expires_at).toBe(q?.expires_at)
    expect(q).toMatchObject({ automatic: true, acknowledged_by: ['gate'], order_sequence: 1 })
    expect(q?.sequence).toBeGreaterThan(1)
  })

  it('contains an identity once, however many findings come', async () => {
    const { b, gate } = await start(RULE)
    for (let i = 0; i < 5; i++) await b.sendFinding(finding({ title: `finding ${i}` }))
    await gate.until((all) => all.filter((r) => r.event.type === 'finding.created').length === 5)
    await statusIs('acknowledged')
    expect(orders(gate.received)).toHaveLength(1)
    expect(await quarantines()).toHaveLength(1)
    expect(await incidents()).toHaveLength(1)
    expect((await incidents())[0]?.finding_ids).toHaveLength(5)
  })

  it('contains each agent of an incident that people merged', async () => {
    const { b } = await start(RULE)
    await b.sendFinding(finding())
    await statusIs('acknowledged')
    await b.sendFinding(finding({ agent: 'agent-2', severity: 'low' }))
    await eventually('both incidents', async () => (await incidents()).length === 2)
    const ids = (await incidents())
      .map(({ id, agent }) => ({ id, agent }))
      .toSorted((x, y) => (x.agent < y.agent ? -1 : 1))
    await b.sendCommand('merge', { incident_ids: ids.map(({ id }) => id), reason: 'One story.' })
    await eventually('the merge', async () => (await incidents()).some(({ also }) => also.includes('agent-2')))
    await b.sendFinding(finding({ agent: 'agent-2', title: 'and worse' }))
    const contained = async (): Promise<number> =>
      new Set((await quarantines()).flatMap(({ status, identity }) => (status === 'acknowledged' ? [identity] : [])))
        .size
    await eventually('an order for both', async () => (await contained()) === 2)
  })

  it('only writes down what it would do in shadow mode; sinks hear findings all the same', async () => {
    const { b, gate } = await start(RULE.replace('enforce', 'shadow'))
    await b.sendFinding(finding())
    await b.sendFinding(finding({ title: 'another' }))
    await gate.until((all) => all.length === 2)
    expect(types(gate.received)).toEqual(['finding.created', 'finding.created'])
    expect((await quarantines()).map((q) => q.status)).toEqual(['shadow'])
    await b.responder.reconfigure({ ...b.config, policy: policyOf(RULE) })
    await b.sendFinding(finding({ title: 'a third' }))
    await statusIs('acknowledged')
  })

  it('asks a person in propose mode, who approves', async () => {
    const { b, gate } = await start(RULE.replace('enforce', 'propose'))
    await b.sendFinding(finding())
    await gate.until((all) => all.length === 2)
    expect(types(gate.received)).toEqual(['finding.created', 'quarantine.proposed'])
    const [q] = await quarantines()
    expect(q?.status).toBe('proposed')
    await b.sendCommand('approve', { quarantine_ids: [q!.id], reason: 'looks bad' })
    await statusIs('acknowledged')
    expect((await quarantines())[0]).toMatchObject({ approved_by: 'ada' })
    expect(orders(gate.received)).toMatchObject([{ ordered_by: 'ada', action: 'quarantine' }])
    expect((await incidents())[0]?.timeline.map((e) => e.kind)).toEqual(expect.arrayContaining(['finding', 'action']))
  })

  it('asks a person in propose mode, who refuses: the incident does not ask again', async () => {
    const { b, gate } = await start(RULE.replace('enforce', 'propose'))
    await b.sendFinding(finding())
    await statusIs('proposed')
    await b.sendCommand('release', { quarantine_ids: [(await quarantines())[0]!.id], reason: 'a drill' })
    await statusIs('refused')
    await b.sendFinding(finding({ title: 'another' }))
    await gate.until((all) => all.length === 3)
    expect((await quarantines()).map((q) => q.status)).toEqual(['refused'])
    expect(orders(gate.received)).toEqual([])
  })

  it('28: flags everybody: the cap trips, the rest wait, one act approves them all', async () => {
    const { b, gate } = await start(RULE.replace('enforce', 'enforce, caps: {per_hour: 3}'))
    for (let i = 0; i < 30; i++) await b.sendFinding(finding({ agent: `agent-${i}` }))
    await gate.until((all) => all.filter((r) => r.event.type === 'finding.created').length === 30)
    await eventually(
      '27 proposals',
      async () => (await quarantines()).filter((q) => q.status === 'proposed').length === 27,
    )
    expect(orders(gate.received).length).toBeLessThanOrEqual(3)
    await gate.until((all) => all.filter((r) => r.event.type === 'quarantine.proposed').length === 20)
    await b.restart()
    await b.sendFinding(finding({ agent: 'agent-after' }))
    await eventually(
      '28 proposals',
      async () => (await quarantines()).filter((q) => q.status === 'proposed').length === 28,
    )
    const waiting = (await quarantines()).filter((q) => q.status === 'proposed')
    await b.sendCommand('approve', { quarantine_ids: waiting.map((q) => q.id), reason: 'all of them' })
    await eventually('31 acknowledged', async () => (await quarantines()).every((q) => q.status === 'acknowledged'))
    expect(orders(gate.received)).toHaveLength(31)
  })

  it('28: counts those that are new, or of whom nobody knows the age, apart from those that live here', async () => {
    const { b, gate } = await start(RULE.replace('enforce', 'enforce, caps: {per_hour: 2}'))
    const [old, young] = [Date.now() - 30 * 86_400_000, Date.now() - 60_000]
    const statusOf = async (identity: string): Promise<Quarantine | undefined> =>
      (await quarantines()).find((q) => q.identity === identity)
    await b.sendFinding(finding({ agent: 'new-1' }), young)
    await b.sendFinding(finding({ agent: 'nobody-knows' }))
    await b.sendFinding(finding({ agent: 'new-2' }), young)
    await eventually('a proposal', async () => (await statusOf('new-2'))?.status === 'proposed')
    expect((await statusOf('new-2'))?.status_reason).toBe('the cap of 2 an hour for identities that are new is reached')
    expect((await statusOf('new-1'))?.identity_since).toBe(new Date(young).toISOString())
    expect(await statusOf('nobody-knows')).not.toHaveProperty('identity_since')
    // What a responder knows of the age comes from the log, so that the next one knows it as well.
    await b.restart()
    await b.sendFinding(finding({ agent: 'old-1' }), old)
    await b.sendFinding(finding({ agent: 'old-2' }), old)
    await b.sendFinding(finding({ agent: 'old-3' }), old)
    await eventually('a third', async () => (await statusOf('old-3'))?.status === 'proposed')
    expect((await statusOf('old-3'))?.status_reason).toBe('the cap of 2 an hour is reached')
    await gate.until((all) => orders(all).length === 4)
    expect(new Set(orders(gate.received).map(({ identity }) => identity))).toEqual(
      new Set(['new-1', 'nobody-knows', 'old-1', 'old-2']),
    )
  })

  it('28: keeps to a share of the identities', async () => {
    const { b } = await start(RULE.replace('enforce', 'enforce, caps: {per_hour: 100, share_of_identities: 0.1}'), {
      identityCount: () => 20,
    })
    for (let i = 0; i < 5; i++) await b.sendFinding(finding({ agent: `agent-${i}` }))
    await eventually('five', async () => (await quarantines()).length === 5)
    expect((await quarantines()).filter((q) => q.status === 'proposed')).toHaveLength(3)
  })

  it('29: flags a protected identity: finding and page, no quarantine', async () => {
    const { b, gate } = await start(RULE.replace('enforce', "enforce, protected: ['deploy-*']"))
    await b.sendFinding(finding({ agent: 'deploy-bot' }))
    await gate.until((all) => all.length === 2)
    expect(types(gate.received)).toEqual(['finding.created', 'incident.paged'])
    expect((await quarantines()).map((q) => q.status)).toEqual(['refused'])
    await b.sendCommand('quarantine', { identities: ['deploy-bot'], reason: 'sure?' })
    await b.sendCommand('quarantine', { identities: ['deploy-bot'], reason: 'sure', force: true })
    await gate.until((all) => orders(all).length === 1)
    expect(orders(gate.received)[0]?.reason).toBe('sure')
  })

  it('stops while the global stop is set, by command or by file', async () => {
    const { b, gate } = await start(RULE)
    await b.sendCommand('stop', { reason: 'we are looking into it' })
    await applied('stop')
    await b.restart()
    await b.sendFinding(finding())
    await eventually('a proposal', async () => (await quarantines()).some((q) => q.status === 'proposed'))
    await b.sendCommand('resume', { reason: 'found it' })
    await applied('resume')
    await b.sendFinding(finding({ agent: 'agent-2' }))
    await gate.until((all) => orders(all).some((o) => o.identity === 'agent-2'))
    expect(orders(gate.received).some((o) => o.identity === 'agent-1')).toBe(false)
  })

  it('reduces autonomy first and quarantines when it gets worse, without letting go in between', async () => {
    const rules = '[{actions: [reduce-autonomy]}, {min_detectors: 2, actions: [quarantine]}]'
    const { b, gate } = await start(`{mode: enforce, rules: ${rules}}`)
    await b.sendFinding(finding())
    await gate.until((all) => orders(all).length === 1)
    await b.sendFinding(finding({ detector: 'credential/new-source' }))
    await gate.until((all) => orders(all).length === 2)
    const [first, second] = orders(gate.received).sort((x, y) => x.sequence - y.sequence)
    expect(first?.action).toBe('reduce-autonomy')
    expect(second?.action).toBe('quarantine')
    await eventually('replaced', async () =>
      (await quarantines()).some((q) => q.status_reason === 'replaced by quarantine'),
    )
  })
})

describe('what people order', () => {
  it('contains several identities by one command, releases with a reason, and counts on', async () => {
    const { b, gate } = await start('{}')
    await b.sendCommand('quarantine', { identities: ['a', 'b'], reason: 'on the leak list' })
    await gate.until((all) => orders(all).length === 2)
    await eventually('both', async () => (await quarantines()).every((q) => q.status === 'acknowledged'))
    const q = (await quarantines()).find((each) => each.identity === 'a')!
    await b.sendCommand('release', { quarantine_ids: [q.id], reason: 'key rotated' })
    await gate.until((all) => orders(all).length === 3)
    await b.restart()
    await b.sendCommand('quarantine', { identities: ['a'], reason: 'again' })
    await gate.until((all) => orders(all).length === 4)
    const ofA = orders(gate.received).filter((o) => o.identity === 'a')
    expect(ofA.map((o) => o.action)).toEqual(['quarantine', 'release', 'quarantine'])
    expect(ofA.map((o) => o.sequence)).toEqual([...new Set(ofA.map((o) => o.sequence))].sort((x, y) => x - y))
    expect((await quarantines()).find((each) => each.id === q.id)).toMatchObject({
      status: 'released',
      released_by: 'ada',
      release_reason: 'key rotated',
    })
  })

  it('does not reach into another tenant', async () => {
    const { b, gate } = await start('{}')
    await b.sendCommand('quarantine', { identities: ['a'], reason: 'x' })
    await statusIs('acknowledged')
    const [q] = await quarantines()
    await b.sendCommand('release', { quarantine_ids: [q!.id], reason: 'mine now' }, 'other')
    await applied('release', 'other')
    expect((await quarantines()).map((each) => each.status)).toEqual(['acknowledged'])
    expect((await quarantines('other')).map((each) => each.identity)).toEqual(['marker-release'])
    expect(orders(gate.received)).toHaveLength(1)
  })

  it('25: a release overtakes a delayed quarantine: the older order is not sent any more', async () => {
    const time = simulatedTime()
    const { b, gate } = await start('{}', { clock: time.clock, timers: time.timers })
    gate.answer = (request) => (request.event.type === 'quarantine.requested' ? 500 : 200)
    await b.sendCommand('quarantine', { identities: ['a'], reason: 'x' })
    await statusIs('sent')
    await b.sendCommand('release', { quarantine_ids: [(await quarantines())[0]!.id], reason: 'false alarm' })
    await gate.until((all) => orders(all).length === 2)
    gate.answer = () => 200
    await time.advance(48 * 3_600_000)
    expect(orders(gate.received).map((o) => o.action)).toEqual(['quarantine', 'release'])
    await eventually('both have ended', async () => {
      const answer = await b.responder.views.deliveries('default', { limit: 10, cursor: null })
      return (
        answer.ok &&
        answer.items
          .map((d) => d.status)
          .sort()
          .join() === 'delivered,superseded'
      )
    })
  })

  it('expires: the release is ordered, also after a restart', async () => {
    const time = simulatedTime()
    const { b, gate } = await start('{}', { clock: time.clock, timers: time.timers })
    await b.sendCommand('quarantine', { identities: ['a'], reason: 'x', expires_in_ms: 3_600_000 })
    await statusIs('acknowledged')
    await b.restart()
    await time.advance(3_599_000)
    expect(orders(gate.received)).toHaveLength(1)
    await time.advance(5_000)
    await gate.until((all) => orders(all).length === 2)
    await statusIs('expired')
    expect(orders(gate.received)[1]).toMatchObject({
      action: 'release',
      ordered_by: 'expiry',
      sequence: (await quarantines())[0]!.order_sequence,
    })
  })

  it('is acknowledged when every sink that receives orders has answered, and says who has', async () => {
    const slow = await receiver()
    const gate = await receiver()
    slow.answer = () => 500
    const sinks = [
      sinkOf(gate.url, { name: 'gate' }),
      sinkOf(slow.url, { name: 'slow' }),
      sinkOf(gate.url, { name: 'siem', receives: ['findings'] }),
    ]
    bench = await testBench({ config: { sinks }, delaysMs: Array.from({ length: 500 }, () => 50) })
    await bench.sendCommand('quarantine', { identities: ['a'], reason: 'x' })
    await eventually('one', async () => (await quarantines())[0]?.acknowledged_by.length === 1)
    expect((await quarantines())[0]?.status).toBe('sent')
    slow.answer = () => 200
    await statusIs('acknowledged')
    expect([...(await quarantines())[0]!.acknowledged_by].sort()).toEqual(['gate', 'slow'])
  })

  it('says where nobody receives orders', async () => {
    bench = await testBench()
    await bench.sendCommand('quarantine', { identities: ['a'], reason: 'x' })
    await statusIs('requested')
    expect((await quarantines())[0]?.status_reason).toContain('no sink receives orders')
  })

  it('notes a verdict in the incident and in the log of the identity', async () => {
    const { b, gate } = await start('{}')
    const found = finding()
    await b.sendFinding(found)
    await gate.until((all) => all.length === 1)
    const fields = { finding_id: found.id, detector: found.detector, agent: found.agent, verdict: 'false_positive' }
    await b.sendCommand('verdict', fields)
    await eventually(
      'the note',
      async () => (await incidents())[0]?.timeline.some((e) => e.kind === 'verdict') === true,
    )
  })

  it('refuses nonsense with a dead letter and goes on', async () => {
    const { b, gate } = await start('{}')
    await b.log.append('commands', 0, [{ key: null, value: Buffer.from('nonsense') }])
    await b.log.append('findings', 0, [{ key: null, value: Buffer.from('{"id":1}') }])
    await b.sendCommand('release', { quarantine_ids: ['x'], reason: '' })
    await b.sendCommand('quarantine', { identities: ['a'], reason: 'x', configuration: {} })
    await b.sendFinding(finding())
    await gate.until((all) => all.length === 1)
    await eventually('four letters', async () => (await b.log.bounds('dead-letters', 0)).end === 4)
  })
})

describe('lists', () => {
  it('give each quarantine once, page by page, and refuse cursors of another list or tenant', async () => {
    const { b } = await start('{}')
    await b.sendCommand('quarantine', { identities: Array.from({ length: 25 }, (_, i) => `agent-${i}`), reason: 'x' })
    await eventually('all', async () => (await quarantines()).length === 25)
    const seen: string[] = []
    let cursor: string | null = null
    let someCursor = ''
    do {
      const page = await b.responder.views.quarantines('default', { limit: 10, cursor })
      if (!page.ok) throw new Error(page.reason)
      seen.push(...page.items.map((q) => q.id))
      cursor = page.next_cursor
      someCursor = cursor ?? someCursor
    } while (cursor !== null)
    expect(new Set(seen).size).toBe(25)
    expect(seen).toHaveLength(25)
    expect((await b.responder.views.quarantines('other', { limit: 10, cursor: someCursor })).ok).toBe(false)
    expect((await b.responder.views.incidents('default', { limit: 10, cursor: someCursor })).ok).toBe(false)
    for (const bad of ['x', '', 'bnVsbA', H('x')]) {
      expect((await b.responder.views.quarantines('default', { limit: 10, cursor: bad })).ok).toBe(false)
    }
  })
})
