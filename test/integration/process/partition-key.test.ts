/**
 * The key of a log's partitions: every responder that starts on a new log may claim it, all processes agree on the first
 * claim, and neither a late claim nor compaction changes it. On both engines.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { Words } from '../../../schemas/keyed-hash.ts'
import { createPartitioner, type PartitionKey } from '../../../schemas/partitioning.ts'
import { contentPartition, stateKey } from '../../../schemas/state.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createPartitioning, findPartitionKey } from '../../../services/lib/partitioning.ts'
import { ensurePartitionKey } from '../../../services/responder/partition-key.ts'
import { createStateStore } from '../../../services/responder/store.ts'
import { systemTimers } from '../../../services/responder/timers.ts'
import { withKafka } from '../../support/kafka.ts'
import { openKafkaLog } from '../../support/kafka-log.ts'
import { claimPartitionKey } from '../../support/partition-key.ts'
import { createLogRoom, type LogRoom } from '../../support/sqlite-log.ts'

const MINUTES_2 = 120_000
const RESPONDERS = 5
const TOPICS = topicSpecs(4)

/** What a responder does first. */
async function begin(log: Log): Promise<void> {
  const tools = { log, logger: createLogger('silent'), timers: systemTimers }
  const store = createStateStore({
    ...tools,
    onFatal(error) {
      throw error
    },
  })
  await store.load()
  await ensurePartitionKey({ ...tools, store })
}

const record = async (log: Log): Promise<void> => {
  await log.append('events', 3, [{ key: null, value: Buffer.from('a record') }])
}

/** Several processes start on one new log at the same time. */
async function startTogether(logs: readonly Log[]): Promise<Words> {
  const [log] = logs as [Log, ...Log[]]
  await expect(createPartitioning(log).spread()).rejects.toMatchObject({ code: 'log_unavailable', retriable: true })
  const decided = await Promise.all(
    logs.map(async (one) => {
      await begin(one)
      return findPartitionKey(one)
    }),
  )
  await record(log)
  // One that was cut off writes its claim now.
  await claimPartitionKey(log, [5, 6, 7, 8])
  await log.maintain()
  const later = await Promise.all(logs.map((one) => findPartitionKey(one)))
  const keys = new Set([...decided, ...later].map((key) => JSON.stringify(key)))
  expect(keys.size).toBe(1)
  const [key] = decided
  expect(key).toHaveLength(4)
  expect(key).not.toEqual([5, 6, 7, 8])
  return key as Words
}

describe('the key of the partitions, in SQLite', () => {
  const rooms: LogRoom[] = []
  const open = async (): Promise<Log> => {
    const room = createLogRoom()
    rooms.push(room)
    const log = await room.open()
    await log.ensureTopics(TOPICS)
    return log
  }
  afterEach(async () => {
    for (const room of rooms.splice(0)) await room.clear()
  })

  it('is one, however many responders begin at the same time', async () => {
    const log = await open()
    await startTogether(Array.from({ length: RESPONDERS }, () => log))
  })

  it('is another one in every log, and stays when its process starts again', async () => {
    const [one, other] = [await open(), await open()]
    const [first, second] = [await startTogether([one]), await startTogether([other])]
    expect(second).not.toEqual(first)
    await begin(one)
    expect(await findPartitionKey(one)).toEqual(first)
  })

  it('is remembered once it is decided, and asked for until then', async () => {
    const log = await open()
    const partitioning = createPartitioning(log)
    await expect(partitioning.partitioner()).rejects.toThrow('the responder writes it')
    await claimPartitionKey(log, [1, 2, 3, 4])
    expect(await partitioning.spread()).toEqual({ partitions: 4, partitionKey: [1, 2, 3, 4] })
    const { ofIdentity } = await partitioning.partitioner()
    expect(ofIdentity('t', 'a', 4)).toBe(createPartitioner([1, 2, 3, 4]).ofIdentity('t', 'a', 4))
  })

  it('is none in a log that has records and no claim, whoever starts on it', async () => {
    const log = await open()
    await record(log)
    await begin(log)
    expect(await findPartitionKey(log)).toBeNull()
    expect(await createPartitioning(log).spread()).toEqual({ partitions: 4, partitionKey: null })
  })

  it('is asked for again when claim and first record came between two looks', async () => {
    const log = await open()
    let reads = 0
    const slow: Log = {
      ...log,
      read(topic, partition, from) {
        reads += 1
        return log.read(topic, partition, from)
      },
      async bounds(topic, partition) {
        if (partition === 0) {
          await claimPartitionKey(log, [9, 9, 9, 9])
          await record(log)
        }
        return log.bounds(topic, 3)
      },
    }
    expect(await findPartitionKey(slow)).toEqual([9, 9, 9, 9])
    expect(reads).toBe(2)
  })

  it('that is damaged stops who needs it: another one would part identities from what was learned of them', async () => {
    const log = await open()
    const key = stateKey({ kind: 'partitioning', tenant: '', id: 'claim' }, 1)
    for (const value of ['{"key":"00"}', 'no JSON', 'null']) {
      const damaged = await open()
      const at = contentPartition(damaged.partitions('state'))
      await damaged.append('state', at, [{ key, value: Buffer.from(value) }])
      await claimPartitionKey(damaged)
      const refused = { code: 'log_corrupt', retriable: false }
      await expect(findPartitionKey(damaged)).rejects.toMatchObject(refused)
      await expect(begin(damaged)).rejects.toMatchObject(refused)
    }
    await startTogether([log])
  })
})

await withKafka({ brokers: 1 }, (kafka) => {
  describe('the key of the partitions, in Kafka', () => {
    it('is one, however many responders begin at the same time', { timeout: MINUTES_2 }, async () => {
      const logs: Log[] = []
      try {
        for (let n = 0; n < RESPONDERS; n++) logs.push(await openKafkaLog(kafka()))
        for (const log of logs) await log.ensureTopics(TOPICS)
        const key: PartitionKey = await startTogether(logs)
        const late = await openKafkaLog(kafka())
        logs.push(late)
        await late.ensureTopics(TOPICS)
        expect((await createPartitioning(late).spread()).partitionKey).toEqual(key)
      } finally {
        await Promise.all(logs.map((log) => log.close()))
      }
    })
  })
})
