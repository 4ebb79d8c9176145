/** Faults 11 and 12: offsets that are not heard of any more, and records that are gone before they were read. */
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { topicSpecs } from '../../../schemas/topics.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { DAY_MS } from '../../support/sqlite-log.ts'
import { valuesIn, valuesOf } from '../../support/topics.ts'
import { become, everythingProcessed, linger, metricOf, withLog } from '../stage/acts.ts'
import type { Fault, Play, Standstill } from '../stage/fault.ts'
import { API } from '../stage/kafka-proxy.ts'
import type { EmbeddedSystem, SeparateSystem, System } from '../stage/system.ts'

const loseAnswersOfCommits: Play<SeparateSystem> = async ({ system, shipper }) => {
  const doors = Object.values(system.doors)
  for (const door of doors) {
    door.setRule(({ kind, api }) => (kind === 'answer' && api === API.OffsetCommit ? 'drop' : 'pass'))
  }
  await shipper.sendUpTo(0.5)
  const lost = (): number => doors.reduce((sum, door) => sum + door.disturbed, 0)
  await become('answers are lost', async () => lost() > 5)
  for (const role of ['detector', 'archiver'] as const) {
    await Promise.all(system.of(role).map((process) => system.kill(process)))
  }
  await Promise.all([system.startVictim(), system.start('detector'), system.start('archiver')])
  await shipper.sendUpTo(0.8)
  for (const door of doors) door.setRule(() => 'pass')
  return `${lost()} answers to commits lost`
}

/** Appends frames of `events` once more behind the snapshots, as records that nobody has processed yet; to how many partitions. */
async function appendUnread(log: Log): Promise<number> {
  let count = 0
  for (let partition = 0; partition < log.partitions('events'); partition++) {
    const [first] = await valuesIn(log, 'events', partition)
    if (first === undefined) continue
    await log.append('events', partition, [{ key: null, value: first }])
    count++
  }
  return count
}

async function removeFromKafka(system: SeparateSystem): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [...system.kafka.bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets('events')
  const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }))
  await admin.deleteTopicRecords({ topic: 'events', partitions })
  await admin.disconnect()
}

/** Retention runs as it would in a year. */
async function removeFromSqlite(system: EmbeddedSystem): Promise<void> {
  const log = await createSqliteLog({
    directory: join(system.data, 'log'),
    clock: { now: () => systemClock.now() + 365 * DAY_MS },
    logger: createLogger('silent'),
    maintenanceEveryMs: 0,
  })
  await log.ensureTopics(topicSpecs().filter(({ name }) => name === 'events'))
  await log.maintain()
  await log.close()
}

const WATCHED_MS = 5_000
const HALTED_MS_MAX = 180_000

/** It must say so, do nothing, and go on doing nothing. */
async function expectStandstill(system: System, gaps: number): Promise<Standstill> {
  const [detector] = system.of('detector')
  if (detector === undefined) throw new Error('no detector runs')
  const halted = (): Promise<number> => metricOf(detector, 'detector_partitions_halted')
  await become('the detector says what is missing', async () => detector.log().includes('offset_out_of_range'))
  // One after the other: each ends the consumer, and the next one restores every partition.
  await become('every partition with a gap is halted', async () => (await halted()) === gaps, HALTED_MS_MAX)
  const before = await findingsIn(system)
  await linger(WATCHED_MS)
  // Stage one alone has the gap: a signal that was sent before may still come to stage two.
  const processed = await metricOf(detector, 'events_processed_total', ['stage="one"'])
  if (processed > 0) throw new Error(`${processed} events were processed over the gap`)
  if ((await findingsIn(system)) !== before) throw new Error('something was found over the gap')
  return { standsStill: `${gaps} partitions stand still and say offset_out_of_range; nothing was processed` }
}

/** Findings that the log holds; the embedded one cannot be looked into while the process runs, and tells by its metrics. */
async function findingsIn(system: System): Promise<number> {
  if (system.engine === 'embedded') return metricOf(system.one('detector'), 'findings_total')
  return withLog(system, async (log) => (await valuesOf(log, 'findings')).length)
}

async function prepareGap(system: System, shipper: { sendUpTo(share: number): Promise<void> }): Promise<number> {
  await shipper.sendUpTo(0.9)
  await everythingProcessed(system)
  await Promise.all(system.of('detector').map((process) => system.stop(process)))
  return withLog(system, appendUnread)
}

export const lostCommits: Fault = {
  number: 11,
  title: 'the answers to offset commits are lost',
  holds: 'nothing is lost',
  embedded: { without: 'a commit is a row of its own database: there is no answer that could be lost' },
  kafka: loseAnswersOfCommits,
}

export const recordsGone: Fault = {
  number: 12,
  title: 'the offset lies below what the log still holds',
  holds: 'detection stops and says so; nothing is skipped',
  async embedded({ system, shipper }) {
    const gaps = await prepareGap(system, shipper)
    await removeFromSqlite(system)
    await system.start('detector')
    return expectStandstill(system, gaps)
  },
  async kafka({ system, shipper }) {
    const gaps = await prepareGap(system, shipper)
    await removeFromKafka(system)
    // It does not become ready, and must not.
    void system.startVictim().catch(() => undefined)
    await become('it has begun', async () => system.of('detector').length > 0)
    return expectStandstill(system, gaps)
  },
  testedOn: 'kafka',
}
