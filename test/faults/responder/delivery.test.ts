/** What sinks do to deliveries (faults 21 to 23, 26 and 27), with days passing on a simulated clock. */
import { afterEach, describe, expect, it } from 'vitest'
import { validator } from '../../../schemas/columns.ts'
import { DeadLetter } from '../../../schemas/dead-letter.ts'
import { Delivery } from '../../../schemas/delivery.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { PATIENCE_MS } from '../../support/patience.ts'
import {
  type BenchOptions,
  eventually,
  finding,
  settle,
  simulatedTime,
  type SimulatedTime,
  sinkOf,
  type TestBench,
  testBench,
} from '../../support/responder.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

let bench: TestBench | undefined
const receivers: WebhookReceiver[] = []
const deliveryValidator = validator(Delivery)
const deadLetterValidator = validator(DeadLetter)
const HOUR = 3_600_000

const receiver = async (options?: Parameters<typeof startWebhookReceiver>[0]): Promise<WebhookReceiver> => {
  const fresh = await startWebhookReceiver({ verify: false, ...options })
  receivers.push(fresh)
  return fresh
}
const simulated = async (options: BenchOptions): Promise<{ bench: TestBench; time: SimulatedTime }> => {
  const time = simulatedTime()
  bench = await testBench({ ...options, clock: time.clock, timers: time.timers })
  return { bench, time }
}
const deliveriesOf = async (tenant = 'default'): Promise<readonly Delivery[]> => {
  const answer = await bench!.responder.views.deliveries(tenant, { limit: 1_000, cursor: null })
  if (!answer.ok) throw new Error(answer.reason)
  for (const item of answer.items) expect(deliveryValidator.problems(item)).toEqual([])
  return answer.items
}
const deadLetters = async (): Promise<DeadLetter[]> => {
  const letters: DeadLetter[] = []
  for await (const { value } of bench!.log.read('dead-letters', 0))
    letters.push(JSON.parse(String(value)) as DeadLetter)
  for (const letter of letters) expect(deadLetterValidator.problems(letter)).toEqual([])
  return letters
}

afterEach(async () => {
  await bench?.close()
  bench = undefined
  for (const each of receivers.splice(0)) await each.close()
})

describe('a sink that fails', () => {
  it('21: acts, and its answer is lost: the same id again, with a fresh timestamp and signature', async () => {
    const siem = await receiver()
    siem.answer = (_request, count) => (count === 1 ? 'cut' : 200)
    const { bench: b, time } = await simulated({ config: { sinks: [sinkOf(siem.url)] } })
    await b.sendFinding(finding())
    await siem.until((all) => all.length === 1)
    await eventually('the failure', async () => (await deliveriesOf())[0]?.last_outcome.startsWith('failed') === true)
    await time.advance(6_000)
    await siem.until((all) => all.length === 2)
    const [first, second] = siem.received
    expect(second?.id).toBe(first?.id)
    expect(second?.body).toBe(first?.body)
    expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp'])
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
  })

  it('22: answers 500 for days: the schedule is followed, then a dead letter, a page to others, and replay works', async () => {
    const siem = await receiver()
    const pager = await receiver()
    siem.answer = () => 500
    const sinks = [sinkOf(siem.url), sinkOf(pager.url, { name: 'pager', min_severity: 'critical' })]
    const { bench: b, time } = await simulated({ config: { sinks } })
    await b.sendFinding(finding())
    await siem.until((all) => all.length === 1)
    const delays = LIMITS.delivery_delays_ms
    for (let attempt = 1; attempt < delays.length; attempt++) {
      await eventually(`outcome ${attempt}`, async () => {
        // Others have been told meanwhile that this one is failing.
        const delivery = (await deliveriesOf()).find(({ sink }) => sink === 'siem')
        return delivery?.attempts === attempt && delivery.last_outcome === 'answered 500'
      })
      const beganMs = Number(siem.received.at(-1)?.headers['webhook-timestamp']) * 1_000
      // Not before its time (headers count whole seconds) ...
      await time.advance(beganMs + delays[attempt]! - 1 - time.clock.now())
      expect(siem.received).toHaveLength(attempt)
      // ... and by the time the jitter allows.
      const latestMs = beganMs + 1_000 + delays[attempt]! * (1 + LIMITS.delivery_jitter_share)
      await time.advance(latestMs - time.clock.now())
      await siem.until((all) => all.length === attempt + 1)
    }
    await eventually('the dead letter', async () => (await deadLetters()).length === 1)
    await pager.until((all) => all.length === 1)
    expect((await deadLetters())[0]).toMatchObject({ service: 'responder', reason: 'refused', tenant: 'default' })
    expect(pager.received[0]?.event).toMatchObject({ type: 'sink.failing', data: { sink: 'siem' } })
    await eventually('the end', async () => (await deliveriesOf()).some((d) => d.status === 'dead'))
    await time.advance(48 * HOUR)
    expect(siem.received).toHaveLength(delays.length)

    siem.answer = () => 200
    await b.sendCommand('replay', { sink: 'siem' })
    await siem.until((all) => all.length === delays.length + 1)
    expect(new Set(siem.received.map((r) => r.id)).size).toBe(1)
    await eventually('delivered', async () => (await deliveriesOf()).every((d) => d.status === 'delivered'))
  })

  it('a test of a sink is told to it alone, tried once, and wakes nobody', async () => {
    const siem = await receiver()
    const pager = await receiver()
    siem.answer = (_request, count) => (count === 1 ? 500 : 200)
    const sinks = [sinkOf(siem.url), sinkOf(pager.url, { name: 'pager', min_severity: 'critical' })]
    const { bench: b, time } = await simulated({ config: { sinks } })
    const failed = await b.sendCommand('test-sink', { sink: 'siem' })
    await eventually('the failure', async () => (await deliveriesOf()).some((d) => d.status === 'dead'))
    await time.advance(48 * HOUR)
    const taken = await b.sendCommand('test-sink', { sink: 'siem', reason: 'It is mended.' })
    await eventually('its end', async () => (await deliveriesOf()).some((d) => d.status === 'delivered'))
    const outcomes = (await deliveriesOf()).map(({ sink, type, subject, status, last_outcome }) => ({
      told: `${sink} ${type}`,
      subject,
      status,
      last_outcome,
    }))
    const told = 'siem sink.test'
    expect(outcomes).toHaveLength(2)
    expect(outcomes).toContainEqual({ told, subject: failed, status: 'dead', last_outcome: 'answered 500' })
    expect(outcomes).toContainEqual({ told, subject: taken, status: 'delivered', last_outcome: 'answered 200' })
    expect(siem.received.map(({ event }) => event.type)).toEqual(['sink.test', 'sink.test'])
    expect(pager.received).toEqual([])
    expect((await bench!.responder.views.sinks('default')).map(({ status }) => status)).toEqual(['ok', 'ok'])
  })

  it('22: keeps to the schedule across restarts', async () => {
    const siem = await receiver()
    siem.answer = (_request, count) => (count < 3 ? 500 : 200)
    const { bench: b, time } = await simulated({ config: { sinks: [sinkOf(siem.url)] } })
    await b.sendFinding(finding())
    await siem.until((all) => all.length === 1)
    await eventually('the failure', async () => (await deliveriesOf())[0]?.last_outcome === 'answered 500')
    await b.restart()
    await settle()
    expect(siem.received).toHaveLength(1)
    await time.advance(5_500)
    await siem.until((all) => all.length === 2)
    await eventually(
      'the second failure',
      async () =>
        (await deliveriesOf())[0]?.attempts === 2 && (await deliveriesOf())[0]?.last_outcome === 'answered 500',
    )
    await b.restart()
    await time.advance(299_000)
    expect(siem.received).toHaveLength(2)
    await time.advance(32_000)
    await siem.until((all) => all.length === 3)
    expect(new Set(siem.received.map((r) => r.id)).size).toBe(1)
  })

  it('23: answers 410: it is disabled and others hear of it, until a person enables it', async () => {
    const siem = await receiver()
    const pager = await receiver()
    siem.answer = () => 410
    const sinks = [sinkOf(siem.url), sinkOf(pager.url, { name: 'pager', receives: ['notices'] })]
    const { bench: b, time } = await simulated({ config: { sinks } })
    await b.sendFinding(finding())
    await pager.until((all) => all.length === 1)
    expect(pager.received[0]?.event).toMatchObject({ type: 'sink.disabled', data: { sink: 'siem' } })
    await b.sendFinding(finding({ title: 'after' }))
    await eventually('two dead letters', async () => (await deadLetters()).length === 2)
    await b.restart()
    await b.sendFinding(finding({ title: 'after the restart' }))
    await eventually('three dead letters', async () => (await deadLetters()).length === 3)
    await time.advance(24 * HOUR)
    expect(siem.received).toHaveLength(1)

    siem.answer = () => 200
    await b.sendCommand('enable-sink', { sink: 'siem', reason: 'the receiver is back' })
    await b.sendCommand('replay', { sink: 'siem' })
    await siem.until((all) => all.length === 4)
  })

  it('23: answers 429 with Retry-After: nothing goes there before', async () => {
    const siem = await receiver()
    siem.answer = (_request, count) => (count === 1 ? { status: 429, headers: { 'retry-after': '3600' } } : 200)
    const { bench: b, time } = await simulated({ config: { sinks: [sinkOf(siem.url)] } })
    await b.sendFinding(finding())
    await eventually('the pause', async () => (await deliveriesOf())[0]?.last_outcome.includes('retry after') === true)
    await b.sendFinding(finding({ title: 'another' }))
    await eventually('both', async () => (await deliveriesOf()).length === 2)
    await time.advance(HOUR - 1_000)
    expect(siem.received).toHaveLength(1)
    await time.advance(2_000)
    await siem.until((all) => all.length === 3)
  })

  it('23: answers with a redirect: that is a failure, and nobody goes there', async () => {
    const siem = await receiver()
    const elsewhere = await receiver()
    siem.answer = () => ({ status: 307, headers: { location: elsewhere.url } })
    const { bench: b } = await simulated({ config: { sinks: [sinkOf(siem.url)] } })
    await b.sendFinding(finding())
    await eventually('the failure', async () => (await deliveriesOf())[0]?.last_outcome.includes('redirect') === true)
    expect(elsewhere.received).toHaveLength(0)
  })

  it('24: lies on loopback without allow_private: it is refused at connect, and the delivery waits', async () => {
    const siem = await receiver()
    const url = siem.url.replace('127.0.0.1', 'sink.test').replace('http:', 'https:')
    const { bench: b } = await simulated({
      config: { sinks: [sinkOf(url, { allow_private: false })] },
      resolve: (_hostname, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    })
    await b.sendFinding(finding())
    await eventually('the refusal', async () => (await deliveriesOf())[0]?.last_outcome.includes('not public') === true)
    expect(siem.received).toHaveLength(0)
  })

  it('26: has its secret rotated between two attempts: the second carries both signatures', async () => {
    const siem = await receiver()
    siem.answer = (_request, count) => (count === 1 ? 500 : 200)
    const sink = sinkOf(siem.url)
    const { bench: b, time } = await simulated({ config: { sinks: [sink] } })
    await b.sendFinding(finding())
    await eventually('the failure', async () => (await deliveriesOf())[0]?.last_outcome === 'answered 500')
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    await b.responder.reconfigure({ ...b.config, sinks: [{ ...sink, secret, previous_secret: sink.secret }] })
    await time.advance(6_000)
    await siem.until((all) => all.length === 2)
    expect(String(siem.received[0]?.headers['webhook-signature']).split(' ')).toHaveLength(1)
    expect(String(siem.received[1]?.headers['webhook-signature']).split(' ')).toHaveLength(2)
  })

  it('gets another secret while an attempt is under way: what waits and what fails goes on with the new one', async () => {
    const siem = await receiver()
    siem.answer = (_request, count) => (count === 1 ? 'hang' : 200)
    const sink = sinkOf(siem.url)
    bench = await testBench({ config: { sinks: [sink] }, timeoutMs: 3_000, delaysMs: [0, 100, 100, 100] })
    await bench.sendFinding(finding())
    await siem.until((all) => all.length === 1)
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    const reconfigured = bench.responder.reconfigure({
      ...bench.config,
      sinks: [{ ...sink, secret, previous_secret: sink.secret }],
    })
    await bench.sendFinding(finding({ title: 'meanwhile' }))
    await reconfigured
    await eventually('both', async () => (await deliveriesOf()).filter((d) => d.status === 'delivered').length === 2)
    expect(siem.received).toHaveLength(3)
    for (const later of siem.received.slice(1)) {
      expect(String(later.headers['webhook-signature']).split(' ')).toHaveLength(2)
    }
  })

  it('27: never answers, in tenant A: tenant B hears everything meanwhile', async () => {
    const tarpit = await receiver()
    const quick = await receiver()
    tarpit.answer = () => 'hang'
    const sinks = [sinkOf(tarpit.url, { name: 'slow', tenant: 'a' }), sinkOf(quick.url, { name: 'quick', tenant: 'b' })]
    bench = await testBench({ config: { sinks }, timeoutMs: PATIENCE_MS })
    for (let i = 0; i < 20; i++) await bench.sendFinding(finding({ tenant: 'a', title: `a ${i}` }))
    await tarpit.until((all) => all.length === LIMITS.delivery_concurrency_per_sink)
    for (let i = 0; i < 20; i++) await bench.sendFinding(finding({ tenant: 'b', title: `b ${i}` }))
    await quick.until((all) => all.length === 20)
    expect(tarpit.received).toHaveLength(LIMITS.delivery_concurrency_per_sink)
  })
})
