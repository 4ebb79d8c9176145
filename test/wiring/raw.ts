/**
 * Producers write into the topic `raw` of a real Kafka, side by side, while the collector that reads it is killed twice (kill -9) and
 * started again, and Kafka answers nothing for a while. What Kafka acknowledged must be in the log as events, with the ids that
 * `replay` gives.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type LocalKafka, startKafka } from '../../infra/local/kafka.ts'
import { findKafka } from '../../infra/local/kafka-jars.ts'
import { EVENT_COLUMNS } from '../../schemas/event.ts'
import { decodeFrame } from '../../schemas/frame.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { parseConfig } from '../../services/lib/config.ts'
import { createLogger } from '../../services/lib/logger.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { logOpener } from '../../services/roles/engines.ts'
import { untilEnough } from '../support/patience.ts'
import { type RunningProcess, startRole } from '../support/processes.ts'
import { until } from '../support/service.ts'
import { compare, type Delivered } from './delivering.ts'
import type { RawProducer } from './raw-producers.ts'
import { recordsOf, replayedIds } from './records.ts'
import { createTrials, type Hand, type Trials } from './trials.ts'
import type { Row } from './wiring.ts'

const PARTITIONS = 4
/** For so long Kafka answers nothing. */
const SUSPENDED_MS = 5_000
const [IDENTITY, EVENT_ID] = ['identity', 'event_id'].map((column) =>
  EVENT_COLUMNS.findIndex(({ name }) => name === column),
) as [number, number]

/** Reads on in the log of events from where it stopped the last time; answers the ids that an agent has in it so far. */
function idReader(log: Log): () => Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const ids = new Map<string, Set<string>>()
  const next = Array.from({ length: log.partitions('events') }, () => 0)
  return async () => {
    for (const [partition, from] of next.entries()) {
      for await (const { offset, value } of log.read('events', partition, from)) {
        next[partition] = offset + 1
        if (value === null) continue
        for (const row of decodeFrame(value).rows) {
          const identity = String(row[IDENTITY])
          ids.set(identity, (ids.get(identity) ?? new Set()).add(String(row[EVENT_ID])))
        }
      }
    }
    return ids
  }
}

/** Kafka, the two services between `raw` and the events, and a log that reads what they wrote. */
async function startRaw(directory: string) {
  const kafka = await startKafka({ brokers: 1 })
  const config = join(directory, 'moltwatch.yaml')
  const sections = JSON.stringify({
    kafka: { brokers: kafka.bootstrap, partitions: PARTITIONS },
    raw: { tenant: 'default' },
  })
  await writeFile(config, sections)
  const [responder, collector] = await Promise.all([startRole('responder', config), startRole('collector', config)])
  await until(() => collector.isReady(), Boolean)
  const read = parseConfig(sections)
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const tools = { clientId: 'wiring', config: read.config, clock: systemClock, logger: createLogger('silent') }
  const log = await (await logOpener(tools, () => undefined))()
  return { kafka, config, responder, collector, log }
}

type Raw = Awaited<ReturnType<typeof startRaw>>

/** Kills the collector, and suspends Kafka. */
function rawHand({ kafka, config, responder, collector, log }: Raw): Hand<Log> {
  let current: Promise<RunningProcess> = Promise.resolve(collector)
  const told: string[] = []
  return {
    told,
    async kill() {
      const before = await current
      await before.kill()
      told.push('collector killed')
      current = startRole('collector', config)
      // Who waits for it hears of it.
      current.catch(() => undefined)
    },
    async stall() {
      await current
      const brokers: LocalKafka['brokers'] = kafka.brokers
      for (const broker of brokers) await broker.freeze()
      await wait(SUSPENDED_MS)
      for (const broker of brokers) await broker.start()
      told.push('Kafka suspended')
    },
    service: () => current.then(() => log),
    async close() {
      await log.close()
      const last = await current.catch(() => undefined)
      await Promise.all([last?.kill(), responder.kill()])
      await kafka.close()
    },
  }
}

interface Produced {
  readonly producer: RawProducer
  readonly version: string
  readonly agent: string
  readonly expected: ReadonlySet<string>
  readonly tookS: number
}

async function produce(
  producer: RawProducer,
  version: string,
  count: number,
  brokers: string,
  trials: Trials<Log>,
): Promise<Produced> {
  const agent = `wiring-raw-${producer.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
  try {
    const records = recordsOf(agent, count)
    const expected = await replayedIds(records, 'logs')
    const beganMs = Date.now()
    await producer.produce(brokers, records, trials.handing(producer.name))
    return { producer, version, agent, expected, tookS: Math.ceil((Date.now() - beganMs) / 1_000) }
  } finally {
    trials.finish(producer.name)
  }
}

/** Rows of what was produced, once all of it is in the log or nothing more comes. */
async function rowsOf(all: readonly Produced[], count: number, trials: Trials<Log>): Promise<Row[]> {
  const read = idReader(await trials.service())
  const wanted = all.reduce((sum, { expected }) => sum + expected.size, 0)
  await untilEnough(async () => [...(await read()).values()].reduce((sum, { size }) => sum + size, 0), wanted)
  const ids = await read()
  return all.map(({ producer, version, agent, expected, tookS }) => {
    const { strangers, ...counts } = compare(expected, ids.get(agent) ?? new Set(), 0)
    return {
      what: `topic raw, OTLP logs, ${producer.encoding}`,
      client: producer.name,
      version,
      records: count,
      ...counts,
      dropped: 0,
      merged: count - expected.size,
      acknowledged: true,
      note: [trials.told(), `${tookS} s`, ...strangers].join('; '),
    }
  })
}

/** Lets the producers write so many records each. Those that are not there are in `left`, as all are without Kafka. */
export async function deliverRaw(
  producers: readonly RawProducer[],
  count: number,
  tell: (row: Row) => void = () => undefined,
): Promise<Delivered> {
  const found = await Promise.all(producers.map(async (one) => ({ one, presence: await one.presence() })))
  const jars = producers.length === 0 ? { ok: true as const } : await findKafka()
  const left = found.flatMap(({ one, presence }) => {
    const reason = presence.ok ? (jars.ok ? undefined : jars.reason) : presence.reason
    return reason === undefined ? [] : [{ client: one.name, reason }]
  })
  const present = found.flatMap(({ one, presence }) => (presence.ok ? [{ one, version: presence.version }] : []))
  if (!jars.ok || present.length === 0) return { rows: [], left, failed: [] }
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-raw-'))
  const raw = await startRaw(directory)
  const names = present.map(({ one }) => one.name)
  const trials = createTrials(() => rawHand(raw), names, count)
  try {
    const brokers = raw.kafka.bootstrap.join(',')
    const came = await Promise.allSettled(
      present.map(({ one, version }) => produce(one, version, count, brokers, trials)),
    )
    const produced = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const failed = came.flatMap((one, i) =>
      one.status === 'rejected' ? [`${names[i]}: ${(one.reason as Error).message}`] : [],
    )
    const rows = await rowsOf(produced, count, trials)
    for (const row of rows) tell(row)
    return { rows, left, failed }
  } finally {
    await trials.close()
    await rm(directory, { recursive: true, force: true })
  }
}
