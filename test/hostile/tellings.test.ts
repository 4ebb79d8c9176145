/**
 * A call that comes as a log record and as a span is judged once. What somebody may try with that: tell a call beforehand, by the
 * other kind of record, so that the real one is passed over. Each attack goes through the ports of the collector, over the log and
 * through stage one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import { EVENT_COLUMNS } from '../../schemas/event.ts'
import { decodeFrame } from '../../schemas/frame.ts'
import { eventsById, otherTellings } from '../../services/api/questions/events.ts'
import { tenantReader } from '../../services/api/query.ts'
import { createArchiver } from '../../services/archiver/index.ts'
import { createStageOne } from '../../services/detector/engine/index.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { silent, warehouse } from '../integration/warehouse/support.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'

let room: CollectorRoom
beforeAll(async () => {
  room = await openCollector()
})
afterAll(() => room.close())

const NOW = Date.now() - 600_000
const nanos = (seconds: number): string => `${NOW + seconds * 1_000}000000`
const TRACE = 'a1'.repeat(16)

interface Call {
  readonly agent: string
  readonly args?: object
  readonly result?: string
  readonly more?: Readonly<Record<string, string>>
  readonly seconds?: number
}

const attributes = ({ agent, args, result, more }: Call): object[] =>
  Object.entries({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.agent.id': agent,
    'gen_ai.conversation.id': 'c-1',
    'gen_ai.tool.name': 'http_post',
    'gen_ai.tool.call.id': 'call-1',
    ...(args === undefined ? {} : { 'gen_ai.tool.call.arguments': JSON.stringify(args) }),
    ...(result === undefined ? {} : { 'gen_ai.tool.call.result': result }),
    ...more,
  }).map(([key, stringValue]) => ({ key, value: { stringValue } }))

async function post(path: string, body: object, token: string): Promise<void> {
  const answer = await room.post(path, JSON.stringify(body), { authorization: `Bearer ${token}` })
  await answer.arrayBuffer()
  expect(answer.status).toBe(200)
}

const log = (call: Call, token = 'live-token'): Promise<void> => {
  const record = { timeUnixNano: nanos(call.seconds ?? 1), eventName: 'gen_ai.tool.call', traceId: TRACE }
  const logRecords = [{ ...record, attributes: attributes(call) }]
  return post('/v1/logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }, token)
}

let spans = 0
const span = (call: Call, token = 'live-token'): Promise<void> => {
  const spanId = (++spans).toString(16).padStart(16, '0')
  const times = { startTimeUnixNano: nanos(call.seconds ?? 0), endTimeUnixNano: nanos((call.seconds ?? 0) + 1) }
  const one = {
    traceId: TRACE,
    spanId,
    name: 'execute_tool http_post',
    kind: 1,
    ...times,
    attributes: attributes(call),
  }
  return post('/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans: [one] }] }] }, token)
}

interface Judged {
  readonly events: number
  readonly detectors: readonly string[]
}

const IDENTITY = EVENT_COLUMNS.findIndex(({ name }) => name === 'identity')

/** How many events of an identity stage one judges in the log as it stands, and which detectors speak. Each request is a frame. */
async function judged(agent: string): Promise<Judged> {
  let events = 0
  const detectors: string[] = []
  for (let partition = 0; partition < room.log.partitions('events'); partition++) {
    const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'test', partition })
    for await (const { offset, value } of room.log.read('events', partition)) {
      if (value === null) continue
      const { count, findings } = stage.apply({ offset, value })
      if (decodeFrame(value).rows.some((row) => row[IDENTITY] === agent)) events += count
      detectors.push(...findings.filter((finding) => finding.agent === agent).map(({ detector }) => detector))
    }
  }
  return { events, detectors: detectors.sort() }
}

const EVIL = { url: 'https://www.moltbook.com/api/v1/posts' }
const MILD = { url: 'https://intranet.example/api/v1/posts' }
const ALARM = 'peer/known-agent-network'

describe('a call that both kinds of record tell', () => {
  it.each([
    ['the span first', span, log],
    ['the log record first', log, span],
  ])('is one call: %s', async (name, first, second) => {
    const agent = `honest ${name}`
    await first({ agent, args: EVIL, result: 'ok' })
    await second({ agent, args: EVIL, result: 'ok' })
    expect(await judged(agent)).toEqual({ events: 1, detectors: [ALARM] })
  })

  it('is shown with its other telling', async () => {
    const agent = 'shown'
    await span({ agent, args: MILD })
    await log({ agent, args: MILD })
    const store = await warehouse()
    const metrics = createMetrics()
    const archiver = createArchiver({ log: room.log, warehouse: store, clock: systemClock, logger: silent, metrics })
    await archiver.start()
    const reader = tenantReader(store, 'acme')
    const [one, other] = (await room.events()).filter(({ identity }) => identity === agent)
    const ids = [one?.event_id ?? '', other?.event_id ?? '']
    await expect.poll(async () => (await eventsById(reader, ids)).size).toBe(2)
    await archiver.stop()
    const found = await eventsById(reader, ids)
    for (const [id, telling] of [ids, ids.toReversed()]) {
      const [event] = found.get(id ?? '') ?? []
      if (event === undefined) throw new Error('the event is not there')
      expect((await otherTellings(reader, event)).map(({ event_id }) => event_id)).toEqual([telling])
    }
  })
})

describe('a telling that was made up', () => {
  it.each([
    ['another target', { args: MILD }, { args: EVIL }],
    ['no arguments', {}, { args: EVIL }],
    ['a denial', { args: EVIL, more: { 'event.outcome': 'denied' } }, { args: EVIL, result: 'ok' }],
    ['an approval', { args: EVIL, more: { 'approval.id': 'a-1', approver: 'boss' } }, { args: EVIL }],
  ] as const)('hides no call behind %s', async (name, forged, real) => {
    for (const [order, first, second] of [
      ['log', log, span],
      ['span', span, log],
    ] as const) {
      const agent = `forged ${name} ${order}`
      await first({ agent, ...forged })
      await second({ agent, ...real })
      const { events, detectors } = await judged(agent)
      expect(events).toBe(2)
      expect(detectors).toContain(ALARM)
      expect(detectors).not.toContain('identity/conflicting-event')
    }
  })

  it('hides nothing where another token sent it, even with the same words', async () => {
    const agent = 'another token'
    await log({ agent, args: EVIL }, 'both-token')
    await span({ agent, args: EVIL })
    expect((await judged(agent)).events).toBe(2)
  })

  it('hides one call at most, and is judged in its place', async () => {
    const agent = 'many'
    await log({ agent, args: EVIL })
    for (let n = 0; n < 4; n++) await span({ agent, args: EVIL, seconds: n })
    expect(await judged(agent)).toEqual({ events: 4, detectors: [ALARM] })
  })

  it('hides nothing where its time lies far from the call', async () => {
    const agent = 'far'
    await log({ agent, args: EVIL, seconds: -700 })
    await span({ agent, args: EVIL })
    expect((await judged(agent)).events).toBe(2)
  })
})
