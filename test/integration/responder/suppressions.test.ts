/** Suppressions: a record each, in every partition, with an end; told to every sink; carried over from an older version. */
import { afterEach, describe, expect, it } from 'vitest'
import { canonicalJson, configurationHash, emptyConfiguration } from '../../../schemas/configuration.ts'
import type { Control } from '../../../schemas/control.ts'
import { decodeControl, decodeHeader } from '../../../schemas/frame.ts'
import { H, partitionOf } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { contentKey, contentPartition, stateKey, statePartition } from '../../../schemas/state.ts'
import type { Suppression } from '../../../schemas/suppression.ts'
import { eventually, simulatedTime, sinkOf, type TestBench, testBench } from '../../support/responder.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

let bench: TestBench | undefined
const receivers: WebhookReceiver[] = []

afterEach(async () => {
  await bench?.close()
  bench = undefined
  for (const each of receivers.splice(0)) await each.close()
})

const UNTIL = '2026-02-01T00:00:00.000Z'
const FIELDS = { detector: 'lateral/recon-burst', agent: 'ci', until: UNTIL, reason: 'a scanner' }

async function controls(topic: string, partition: number): Promise<Control[]> {
  const found: Control[] = []
  for await (const { value } of bench!.log.read(topic, partition)) {
    if (value !== null && decodeHeader(value).kind === 'control') found.push(decodeControl(value))
  }
  return found
}
/** What each partition was told of suppressions; all of them the same. */
async function told(): Promise<Control[]> {
  const lists: Control[][] = []
  for (const topic of ['events', 'signals']) {
    for (let p = 0; p < bench!.log.partitions(topic); p++) {
      lists.push((await controls(topic, p)).filter((control) => control.type === 'suppression'))
    }
  }
  for (const list of lists) expect(list).toEqual(lists[0])
  return lists[0]!
}
const list = async (tenant = 'default'): Promise<readonly Suppression[]> => {
  const answer = await bench!.responder.views.suppressions(tenant, { limit: 1_000, cursor: null })
  if (!answer.ok) throw new Error(answer.reason)
  return answer.items
}
const outcome = async (id: string, tenant = 'default') => {
  await eventually('the outcome', async () => (await bench!.responder.views.command(tenant, id)) !== undefined)
  return bench!.responder.views.command(tenant, id)
}
const timeOfTests = () => simulatedTime(Date.parse('2026-01-05T12:00:00.000Z'))

describe('suppressions', () => {
  it('are in every partition while they hold, for one tenant, and survive a restart', async () => {
    const { clock } = timeOfTests()
    bench = await testBench({ clock })
    const id = await bench.sendCommand('suppress', FIELDS)
    expect(await outcome(id)).toMatchObject({ status: 'applied', changed: 1, by: 'ada', reason: 'a scanner' })
    const { detector, agent } = FIELDS
    const control = { type: 'suppression', tenant: 'default', id, ended: false, detector, agent, until: UNTIL }
    expect(await told()).toEqual([control])
    await bench.restart()
    expect(await list()).toEqual([
      {
        id,
        tenant: 'default',
        scope: { detector, agent },
        until: UNTIL,
        reason: 'a scanner',
        by: 'ada',
        time: '2026-01-05T12:00:00.000Z',
      },
    ])
    expect(await list('other')).toEqual([])
    const end = await bench.sendCommand('unsuppress', { suppression_id: id, reason: 'gone' })
    expect(await outcome(end)).toMatchObject({ status: 'applied' })
    expect(await told()).toEqual([control, { ...control, ended: true }])
    await bench.restart()
    expect(await list()).toEqual([])
  })

  it('are told to every sink of the tenant, whatever it receives, and end by themselves', async () => {
    const siem = await startWebhookReceiver({ verify: false })
    const gate = await startWebhookReceiver({ verify: false })
    receivers.push(siem, gate)
    const { clock, timers, advance } = timeOfTests()
    const sinks = [
      sinkOf(siem.url, { name: 'siem', receives: ['findings'] }),
      sinkOf(gate.url, { name: 'gate', receives: ['orders'] }),
    ]
    bench = await testBench({ clock, timers, config: { sinks } })
    const id = await bench.sendCommand('suppress', { ...FIELDS, until: '2026-01-05T12:00:20.000Z' })
    await outcome(id)
    for (const receiver of [siem, gate]) {
      await receiver.until((all) => all.length === 1)
      expect(receiver.received[0]?.event).toMatchObject({
        type: 'suppression.added',
        data: { id, scope: { detector: FIELDS.detector, agent: 'ci' }, by: 'ada', reason: 'a scanner' },
      })
    }
    await advance(30_000)
    await siem.until((all) => all.length === 2)
    expect(siem.received[1]?.event).toMatchObject({ type: 'suppression.ended', data: { id, by: 'expiry' } })
    expect(await list()).toEqual([])
  })

  it('are refused where they name no detector that exists, have no end in time, or are too many', async () => {
    const { clock } = timeOfTests()
    bench = await testBench({ clock })
    const send = async (change: object) => outcome(await bench!.sendCommand('suppress', { ...FIELDS, ...change }))
    expect(await send({ detector: 'no/such' })).toMatchObject({ status: 'refused', detail: /no detector no\/such/ })
    expect(await send({ until: '2026-01-01T00:00:00Z' })).toMatchObject({ status: 'refused', detail: /has passed/ })
    expect(await send({ until: '2028-01-01T00:00:00Z' })).toMatchObject({ status: 'refused', detail: /a year/ })
    expect(await send({ network: '0.0.0.0/0' })).toMatchObject({ status: 'refused', detail: /narrower/ })
    expect(await told()).toEqual([])
    for (let i = 0; i < LIMITS.suppressions_per_tenant_max; i++) {
      await bench.sendCommand('suppress', { ...FIELDS, agent: `agent-${i}` })
    }
    expect(await send({})).toMatchObject({ status: 'refused', detail: /delete some first/ })
    expect(await list()).toHaveLength(LIMITS.suppressions_per_tenant_max)
    // Another tenant has room of its own.
    expect(await outcome(await bench.sendCommand('suppress', FIELDS, 'other'), 'other')).toMatchObject({
      status: 'applied',
    })
  })

  it('that an older version kept in the configuration of a tenant are carried over', async () => {
    const { clock } = timeOfTests()
    bench = await testBench({ clock, start: false })
    const { log } = bench
    const old = { detector: 'lateral/recon-burst', agent: 'ci', reason: 'a scanner', by: 'ada' }
    const id = H('old')
    const own = { ...emptyConfiguration(), suppressions: [old] }
    const hash = configurationHash(own)
    const base = configurationHash(emptyConfiguration())
    const ends = (topic: string): number[] => Array.from({ length: log.partitions(topic) }, () => 0)
    const offsets = { events: ends('events'), signals: ends('signals') }
    const rollout = { tenant: 'default', hash, base_hash: base, from: offsets, given: null, past: [] }
    const partition = statePartition('default', log.partitions('state'))
    const put = (key: string, body: unknown) => ({ key, value: Buffer.from(JSON.stringify(body)) })
    await log.append('state', partition, [
      put(stateKey({ kind: 'suppression', tenant: 'default', id }, 1), old),
      put(stateKey({ kind: 'rollout', tenant: 'default', id: 'detection' }, 1), rollout),
    ])
    await log.append('state', contentPartition(log.partitions('state')), [
      { key: contentKey(hash), value: Buffer.from(canonicalJson(own)) },
    ])
    await bench.responder.start()
    expect(await list()).toMatchObject([
      { id, scope: { detector: old.detector, agent: 'ci' }, until: '2027-01-06T12:00:00.000Z', by: 'ada' },
    ])
    expect(await told()).toMatchObject([{ id, ended: false, agent: 'ci' }])
    // The tenant has the settings of everybody again, with nothing of its own over them.
    const none = configurationHash({})
    const given = async (): Promise<string[]> =>
      (await controls('events', 0)).flatMap((c) => (c.type === 'config' ? [`${c.tenant}:${c.hash}`] : []))
    await eventually('the empty layer', async () => (await given()).length === 3)
    expect(await given()).toEqual([`default:${hash}`, `:${base}`, `default:${none}`])
    expect(bench.responder.configurationReady()).toBe(true)
    expect(partitionOf('default', log.partitions('state'))).toBe(partition)
  })
})
