/**
 * Many identities for one partition: whoever knows the code picks names whose hash without a key falls on partition 7 of
 * 64, so that all of their load meets one worker and pushes the identities there out of its memory. A new log chooses by a
 * key that no sender knows. A log that is older goes on as it began, and finds what it found.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EVENT_SCHEMA_VERSION, EventView } from '../../schemas/event.ts'
import { decodeFrame, decodeHeader, encodeTick } from '../../schemas/frame.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { createPartitioner, type PartitionKey } from '../../schemas/partitioning.ts'
import { SignalView } from '../../schemas/signal.ts'
import { eventKey, signalKey, topicSpecs } from '../../schemas/topics.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { createLogger } from '../../services/lib/logger.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { findPartitionKey } from '../../services/lib/partitioning.ts'
import { demoLoad, writeLoad } from '../support/demo-load.ts'
import { replayFiles } from '../support/replay.ts'
import { planService, settled, startService, until } from '../support/service.ts'
import { valuesIn } from '../support/topics.ts'

const MINUTES_4 = 240_000
const TENANT = 'default'
const PARTITIONS = 64
const AIMED_AT = 7
const NAMES = 640
/**
 * Of 640 names in 64 partitions: with 63 degrees of freedom chance exceeds it once in a thousand million runs. Names that all
 * lie in one partition make 40,320.
 */
const CHI_SQUARE_MAX = 160

function* aimedNames(): Generator<string> {
  for (let n = 0; ; n++) {
    const name = `worker-${n}`
    if (partitionOf(eventKey(TENANT, name), PARTITIONS) === AIMED_AT) yield name
  }
}
const AIMED: readonly string[] = aimedNames().take(NAMES).toArray()
const isAimed = new Set(AIMED)
const BODY = AIMED.map((identity) => JSON.stringify({ id: identity, identity, action: 'read_file' })).join('\n')

interface Placed {
  readonly events: readonly { readonly identity: string; readonly partition: number }[]
  readonly signals: readonly { readonly kind: string; readonly key: string; readonly partition: number }[]
  readonly key: PartitionKey | undefined
}

async function rowsIn(log: Log, topic: string, partition: number): Promise<readonly (readonly unknown[])[]> {
  const values = await valuesIn(log, topic, partition)
  return values.filter((value) => decodeHeader(value).kind === 'frame').flatMap((value) => decodeFrame(value).rows)
}

const openLog = (data: string): Promise<Log> =>
  createSqliteLog({
    directory: join(data, 'log'),
    clock: systemClock,
    logger: createLogger('silent'),
    maintenanceEveryMs: 0,
  })

/** Where everything lies in the log of a service that has stopped. */
async function placedIn(data: string): Promise<Placed> {
  const log = await openLog(data)
  const [event, signal] = [new EventView(), new SignalView()]
  const events: Placed['events'][number][] = []
  const signals: Placed['signals'][number][] = []
  try {
    await log.ensureTopics(topicSpecs())
    for (let partition = 0; partition < PARTITIONS; partition++) {
      for (const row of await rowsIn(log, 'events', partition)) {
        event.row = row
        events.push({ identity: event.identity, partition })
      }
      for (const row of await rowsIn(log, 'signals', partition)) {
        signal.row = row
        signals.push({ kind: signal.key_kind, key: signal.key, partition })
      }
    }
    return { events, signals, key: await findPartitionKey(log) }
  } finally {
    await log.close()
  }
}

function chiSquare(partitions: readonly number[]): number {
  const expected = partitions.length / PARTITIONS
  const counts = new Array<number>(PARTITIONS).fill(0)
  for (const partition of partitions) counts[partition] = (counts[partition] ?? 0) + 1
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

const aimedIn = ({ events }: Placed): number[] =>
  events.filter(({ identity }) => isAimed.has(identity)).map(({ partition }) => partition)

describe('identities that are aimed at one partition', () => {
  let directory: string
  const at = (name: string): string => join(directory, name)
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-aimed-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('are spread over all of a new log, and its signals with them', { timeout: MINUTES_4 }, async () => {
    const service = await startService(await planService(at('new')))
    expect((await service.post('/v1/events', BODY, 'application/x-ndjson')).status).toBe(200)
    await settled(service, NAMES)
    // Another process on the same log reads the same key.
    expect(await service.stop()).toBe(0)
    const again = await startService(service.plan)
    expect((await again.post('/v1/events', BODY, 'application/x-ndjson')).status).toBe(200)
    expect(await again.stop()).toBe(0)
    expect(again.log()).not.toContain('older than keyed partitions')

    const placed = await placedIn(at('new'))
    const partitions = aimedIn(placed)
    expect(partitions).toHaveLength(2 * NAMES)
    const { ofIdentity, ofSignal } = createPartitioner(placed.key ?? null)
    expect(placed.key).toHaveLength(4)
    for (const { identity, partition } of placed.events) {
      expect(ofIdentity(TENANT, identity, PARTITIONS)).toBe(partition)
    }
    expect(placed.signals.length).toBeGreaterThan(0)
    for (const { kind, key, partition } of placed.signals) {
      expect(ofSignal(TENANT, kind, key, PARTITIONS)).toBe(partition)
    }
    const once = new Map(placed.events.map(({ identity, partition }) => [identity, partition]))
    expect(chiSquare([...once.values()])).toBeLessThan(CHI_SQUARE_MAX)
  })

  it('all lie there in a log that is older than keys, which finds what it found', { timeout: MINUTES_4 }, async () => {
    const log = await openLog(at('old'))
    await log.ensureTopics(topicSpecs())
    // It will be an installation that has been started before: its log is there, and its master key.
    await writeFile(at('old/master-key'), `${'01'.repeat(32)}\n`, { mode: 0o600 })
    // What a version without keys leaves: a record in `events`, and no claim in `state`.
    await log.append('events', 0, [{ key: null, value: encodeTick(EVENT_SCHEMA_VERSION, Date.now()) }])
    await log.close()

    const load = demoLoad(20)
    await writeLoad(at('load.ndjson'), load)
    const oracle = await replayFiles([at('load.ndjson')])
    const half = Math.floor(load.lines.length / 2)
    const first = await startService(await planService(at('old')))
    for (const line of load.lines.slice(0, half)) expect((await first.post('/v1/logs', line)).status).toBe(200)
    expect(await first.stop()).toBe(0)
    const second = await startService(first.plan)
    for (const line of load.lines.slice(half)) expect((await second.post('/v1/logs', line)).status).toBe(200)
    expect(await settled(second, load.events)).toEqual(oracle)
    expect((await second.post('/v1/events', BODY, 'application/x-ndjson')).status).toBe(200)
    await until(
      async () => ((await second.get('/v1/events/count')) as { count: number }).count,
      (n) => n >= NAMES,
    )
    expect(await second.stop()).toBe(0)
    for (const { log: said } of [first, second]) {
      expect(said().split('older than keyed partitions')).toHaveLength(2)
    }

    const placed = await placedIn(at('old'))
    expect(placed.key).toBeNull()
    expect(new Set(aimedIn(placed))).toEqual(new Set([AIMED_AT]))
    expect(chiSquare(aimedIn(placed))).toBeGreaterThan(100 * CHI_SQUARE_MAX)
    for (const { identity, partition } of placed.events) {
      expect(partitionOf(eventKey(TENANT, identity), PARTITIONS)).toBe(partition)
    }
    for (const { kind, key, partition } of placed.signals) {
      expect(partitionOf(signalKey(TENANT, kind, key), PARTITIONS)).toBe(partition)
    }
  })
})
