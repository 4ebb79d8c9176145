/** What a sink is spared, what it is told together, and how an ill one is seen: on a real log, with real receivers. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Delivery } from '../../../schemas/delivery.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { RESPONDER_LIMITS } from '../../../services/responder/limits.ts'
import { matches, passes } from '../../../services/responder/sink-filter.ts'
import {
  type BenchOptions,
  eventually,
  finding,
  type SimulatedTime,
  simulatedTime,
  sinkOf,
  type TestBench,
  testBench,
} from '../../support/responder.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

const MINUTE_MS = 60_000
const RECEIVERS: WebhookReceiver[] = []
let bench: TestBench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
  await Promise.all(RECEIVERS.splice(0).map((one) => one.close()))
})

async function receiver(): Promise<WebhookReceiver> {
  const started = await startWebhookReceiver({ verify: false })
  RECEIVERS.push(started)
  return started
}

async function simulated(options: BenchOptions) {
  const time = simulatedTime()
  bench = await testBench({ ...options, clock: time.clock, timers: time.timers })
  return { time, bench }
}

const deliveries = async (): Promise<readonly Delivery[]> => {
  const answer = await bench!.responder.views.deliveries('default', { limit: 1_000, cursor: null })
  return answer.ok ? answer.items : []
}
/** Lets the sweep come round, whose timer runs again only when real input and output has ended, until so much is received. */
const swept = (time: SimulatedTime, at: WebhookReceiver, count: number): Promise<void> =>
  eventually(`${count} received`, async () => {
    await time.advance(2_000)
    return at.received.length === count
  })
const typesAt = (at: WebhookReceiver): string[] => at.received.map(({ event }) => event.type)

describe('a filter', () => {
  it('knows a star at either end and nowhere else', () => {
    expect(matches('*', '')).toBe(true)
    expect(matches('a*', 'abc')).toBe(true)
    expect(matches('*c', 'abc')).toBe(true)
    expect(matches('*b*', 'abc')).toBe(true)
    expect(matches('a*c', 'abc')).toBe(false)
    expect(matches('a.c', 'abc')).toBe(false)
  })

  it('lets through what says nothing of it, and never holds back an order', () => {
    const sink = { filter: { agents: ['pay-*'], techniques: ['T1580'] }, except: { owners: ['lab'] } }
    expect(passes(sink, 'finding.created', { agent: 'pay-1', owner: 'x', techniques: ['T1580', 'T1'] })).toBe(true)
    expect(passes(sink, 'finding.created', { agent: 'pay-1', owner: 'lab', techniques: ['T1580'] })).toBe(false)
    expect(passes(sink, 'finding.created', { agent: 'hr-1', owner: 'x', techniques: ['T1580'] })).toBe(false)
    expect(passes(sink, 'finding.created', { agent: 'pay-1', owner: 'x', techniques: ['T9'] })).toBe(false)
    expect(passes(sink, 'incident.closed', { agent: 'pay-1', owner: 'x' })).toBe(true)
    expect(passes(sink, 'quarantine.requested', { identity: 'hr-1' })).toBe(true)
  })

  it('tells each sink its own', async () => {
    const [payments, rest] = [await receiver(), await receiver()]
    const sinks = [
      sinkOf(payments.url, { name: 'payments', filter: { agents: ['pay-*'] } }),
      sinkOf(rest.url, { name: 'rest', except: { agents: ['pay-*'] } }),
    ]
    const { bench: b } = await simulated({ config: { sinks } })
    for (const agent of ['pay-1', 'hr-1', 'pay-2']) await b.sendFinding(finding({ agent }))
    await payments.until((all) => all.length === 2)
    await rest.until((all) => all.length === 1)
    expect(payments.received.map(({ event }) => String(event.data['agent'])).sort()).toEqual(['pay-1', 'pay-2'])
    expect(rest.received[0]?.event.data['agent']).toBe('hr-1')
  })
})

describe('a rate', () => {
  const limited = (url: string) => sinkOf(url, { rate_limit: { findings: 3, per_minutes: 10, digest_minutes: 15 } })

  it('joins what is above into one digest, through a restart, and delays nothing else', async () => {
    const siem = await receiver()
    const policy = {
      rules: [{ detector: 'peer/*', min_severity: 'info', techniques: [], min_detectors: 1, actions: ['page'] }],
    }
    const { bench: b, time } = await simulated({
      config: { sinks: [limited(siem.url)], policy: { tenants: {}, ...policy } as never },
    })
    const all = Array.from({ length: 40 }, (_, i) => finding({ agent: `agent-${i}`, title: `number ${i}` }))
    for (const one of all) await b.sendFinding(one)
    await siem.until((received) => received.length === 3)
    await eventually('the rest', async () => (await deliveries()).length === 40)
    expect((await deliveries()).filter(({ status }) => status === 'held')).toHaveLength(37)
    const [sink] = await b.responder.views.sinks('default')
    expect(sink).toMatchObject({ name: 'siem', held: 37, status: 'ok' })

    // A page does not wait, though its finding does.
    await b.sendFinding(finding({ agent: 'agent-x', detector: 'peer/unknown-peer', severity: 'critical' }))
    await siem.until((received) => received.length === 4)
    expect(typesAt(siem).filter((type) => type !== 'finding.created')).toEqual(['incident.paged'])

    await b.restart()
    await time.advance(14 * MINUTE_MS)
    expect(siem.received).toHaveLength(4)
    await time.advance(2 * MINUTE_MS)
    await siem.until((received) => received.length === 5)
    const digest = siem.received.at(-1)!.event
    expect(digest).toMatchObject({ type: 'findings.digest', data: { count: 38, severity: 'critical' } })
    const told = digest.data['findings'] as { id: string }[]
    expect(told.length + Number(digest.data['left_out'])).toBe(38)
    expect(Buffer.byteLength(siem.received.at(-1)!.body)).toBeLessThan(20_000)
    // Each finding is accounted for: told alone or in the digest.
    const statuses = (await deliveries()).filter(({ type }) => type === 'finding.created').map(({ status }) => status)
    expect(statuses.filter((status) => status === 'joined')).toHaveLength(38)
    expect(statuses.filter((status) => status === 'delivered')).toHaveLength(3)
  })

  it('tells what waits within minutes where the limit is taken away', async () => {
    const siem = await receiver()
    const { bench: b, time } = await simulated({ config: { sinks: [limited(siem.url)] } })
    for (let i = 0; i < 5; i++) await b.sendFinding(finding({ agent: `agent-${i}` }))
    await siem.until((received) => received.length === 3)
    await eventually(
      'two held',
      async () => (await deliveries()).filter(({ status }) => status === 'held').length === 2,
    )
    await b.responder.reconfigure({ ...b.config, sinks: [sinkOf(siem.url)] })
    await time.advance(RESPONDER_LIMITS.crowd_digest_ms)
    await swept(time, siem, 4)
    expect(siem.received.at(-1)?.event).toMatchObject({ type: 'findings.digest', data: { count: 2 } })
  })
})

describe('a detector that fires for hundreds of identities', () => {
  const most = RESPONDER_LIMITS.crowd_identities_max
  const crowd = (from: number, to: number, change: Partial<Finding> = {}) =>
    Array.from({ length: to - from }, (_, i) => finding({ agent: `agent-${from + i}`, ...change }))

  it('is told together beyond a bound; other detectors, tenants and pages are not, and nothing is missing', async () => {
    const siem = await receiver()
    const policy = {
      rules: [{ detector: 'lateral/*', min_severity: 'critical', techniques: [], min_detectors: 1, actions: ['page'] }],
    }
    const { bench: b, time } = await simulated({
      config: { sinks: [sinkOf(siem.url, { tenant: '*' })], policy: { tenants: {}, ...policy } as never },
    })
    for (const one of crowd(0, most + 40)) await b.sendFinding(one)
    await siem.until((received) => received.length === most)
    // Another detector, another tenant, an identity that was told of, and a page.
    await b.sendFinding(finding({ agent: 'agent-new', detector: 'peer/exfiltration' }))
    await b.sendFinding(finding({ agent: 'agent-new', tenant: 'globex' }))
    await b.sendFinding(finding({ agent: 'agent-3', title: 'Again' }))
    await b.sendFinding(finding({ agent: 'agent-paged', severity: 'critical' }))
    await siem.until((received) => received.length === most + 4)
    expect(typesAt(siem).filter((type) => type !== 'finding.created')).toEqual(['incident.paged'])
    expect((await deliveries()).filter(({ status }) => status === 'held')).toHaveLength(41)

    await time.advance(RESPONDER_LIMITS.crowd_digest_ms)
    await swept(time, siem, most + 5)
    expect(siem.received.at(-1)?.event).toMatchObject({
      type: 'findings.digest',
      data: { count: 41, severity: 'critical', title: 'lateral/recon-burst fired for 41 agents within a minute' },
    })
    const listed = await b.responder.views.incidents('default', { limit: 1_000, cursor: null })
    if (!listed.ok) throw new Error(listed.reason)
    expect(listed.items).toHaveLength(most + 42)
    const noted = listed.items.filter(({ timeline }) => timeline.some(({ text }) => text.includes('in a digest')))
    expect(noted).toHaveLength(41)
  })

  it('is told one by one again when it has become quiet', async () => {
    const siem = await receiver()
    const { bench: b, time } = await simulated({ config: { sinks: [sinkOf(siem.url)] } })
    for (const one of crowd(0, most)) await b.sendFinding(one)
    await siem.until((received) => received.length === most)
    await time.advance(RESPONDER_LIMITS.crowd_window_ms + MINUTE_MS)
    await b.sendFinding(finding({ agent: 'agent-late' }))
    await siem.until((received) => received.length === most + 1)
    expect(siem.received.at(-1)?.event).toMatchObject({ type: 'finding.created', data: { agent: 'agent-late' } })
  })
})

it('an ill sink is seen: by the others within minutes, in the list and in the metric, until it takes something', async () => {
  const [siem, pager] = [await receiver(), await receiver()]
  siem.answer = () => 500
  const metrics = createMetrics()
  const sinks = [sinkOf(siem.url), sinkOf(pager.url, { name: 'pager', receives: ['notices'] })]
  const { bench: b, time } = await simulated({ config: { sinks }, metrics })
  const status = async (): Promise<string | undefined> =>
    (await b.responder.views.sinks('default')).find(({ name }) => name === 'siem')?.status
  expect(await status()).toBe('ok')
  await b.sendFinding(finding())
  await siem.until((all) => all.length === 1)
  await time.advance(10_000)
  await siem.until((all) => all.length === 2)
  expect(await status()).toBe('ok')
  await time.advance(7 * MINUTE_MS)
  await pager.until((all) => all.length === 1)
  expect(pager.received[0]?.event).toMatchObject({
    type: 'sink.failing',
    data: { sink: 'siem', detail: 'answered 500' },
  })
  expect(await status()).toBe('failing')
  expect(await b.responder.views.sinks('another')).toEqual([])
  const shown = await metrics.registry.metrics()
  expect(shown).toMatch(/sink_status\{sink="siem",status="failing"\} 1/)
  expect(shown).toMatch(/sink_status\{sink="siem",status="ok"\} 0/)
  siem.answer = () => 200
  await time.advance(40 * MINUTE_MS)
  await eventually('it is well again', async () => (await status()) === 'ok')
})
