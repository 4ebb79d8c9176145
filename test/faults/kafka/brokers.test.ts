/**
 * Brokers that die, stand still and come back under a running producer and a running group: what was acknowledged is
 * delivered, in order; what cannot be stored safely is not acknowledged; and everybody goes on by themselves.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Log } from '../../../services/lib/log/port.ts'
import { freshName, record, recordTopics, until } from '../../conformance/log-support.ts'
import { withKafka } from '../../support/kafka.ts'
import { eventually, kafkaTopic, openKafkaLog } from '../../support/kafka-log.ts'

const TEST_MS_MAX = 300_000
const PARTITIONS = 6
const safely = { replicationFactor: 3, minInSync: 2 }

/** Appends numbers to a partition, one after the other, until it is stopped; what is refused is appended again. */
function startProducer(log: Log, topic: string, partition: number) {
  const acknowledged: string[] = []
  let stopped = false
  const run = async (): Promise<void> => {
    for (let number = 0; !stopped; number++) {
      await log.append(topic, partition, [record(`${number}`)]).then(
        () => acknowledged.push(`${number}`),
        () => wait(100),
      )
      await wait(5)
    }
  }
  const running = run()
  return {
    acknowledged,
    async stop() {
      stopped = true
      await running
    },
  }
}

/** Appends as a caller does that is told to come again. */
async function appendAtLast(log: Log, topic: string, partition: number, text: string): Promise<void> {
  await eventually(() =>
    log.append(topic, partition, [record(text)]).then(
      () => true,
      (error: { retriable: boolean }) => !error.retriable,
    ),
  )
}

/** A member of a group that goes on behind what it has applied, as services do, and begins again when it is stopped. */
async function startMember(log: Log, topic: string, group: string, applied: string[][], next: number[]) {
  let closed = false
  let current = await begin()
  async function begin(): ReturnType<typeof recordTopics> {
    return recordTopics(log, [topic], {
      group,
      from: (partition) => (next[partition] === 0 ? 'earliest' : next[partition]!),
      async process({ partition, records }, { heartbeat }) {
        await heartbeat()
        for (const { offset, value } of records) {
          // Two members may be at it for a moment when one was given up: the offset tells what is applied.
          if (offset < next[partition]!) continue
          applied[partition]!.push(value!.toString())
          next[partition] = offset + 1
        }
      },
      onStopped() {
        if (closed) return
        void begin().then((recording) => {
          current = recording
        })
      },
    })
  }
  return {
    async close() {
      closed = true
      await current.consumer.close()
    },
  }
}

await withKafka({ brokers: 3 }, (kafka) => {
  describe('three brokers', () => {
    it(
      'may each be killed once: the group gets all that was acknowledged, in order',
      async () => {
        const spec = kafkaTopic({ partitions: PARTITIONS })
        const topic = spec.name
        const log = await openKafkaLog(kafka(), safely)
        const other = await openKafkaLog(kafka(), safely)
        await Promise.all([log.ensureTopics([spec]), other.ensureTopics([spec])])
        const applied: string[][] = Array.from({ length: PARTITIONS }, () => [])
        const next = Array.from({ length: PARTITIONS }, () => 0)
        const group = freshName('group')
        const members = [
          await startMember(log, topic, group, applied, next),
          await startMember(other, topic, group, applied, next),
        ]
        const producers = applied.map((_, partition) => startProducer(log, topic, partition))
        for (const broker of kafka().brokers) {
          const before = producers.map(({ acknowledged }) => acknowledged.length)
          await broker.kill()
          // Every partition goes on without it.
          await until(() => producers.every(({ acknowledged }, i) => acknowledged.length > before[i]! + 20))
          await broker.start()
          await eventually(async () => (await log.health()).ok)
        }
        await Promise.all(producers.map((producer) => producer.stop()))
        const ends = await Promise.all(next.map((_, partition) => log.bounds(topic, partition)))
        await until(() => next.every((offset, partition) => offset === ends[partition]!.end))
        for (const [partition, { acknowledged }] of producers.entries()) {
          const there = new Set(applied[partition])
          expect(acknowledged.filter((text) => !there.has(text))).toEqual([])
          const numbers = applied[partition]!.map(Number)
          expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
        }
        await Promise.all(members.map((member) => member.close()))
        await Promise.all([log.close(), other.close()])
      },
      TEST_MS_MAX,
    )

    it(
      'of which two are dead acknowledge nothing, and health says why, until they are back',
      async () => {
        const spec = kafkaTopic()
        const log = await openKafkaLog(kafka(), safely)
        await log.ensureTopics([spec])
        await log.append(spec.name, 0, [record('before')])
        const [one, two] = kafka().brokers
        await Promise.all([one!.kill(), two!.kill()])
        const [refused] = await Promise.allSettled([log.append(spec.name, 0, [record('lost or not')])])
        const health = await log.health()
        await Promise.all([one!.start(), two!.start()])
        expect(refused).toMatchObject({ reason: { code: 'log_unavailable', retriable: true } })
        expect(health).toMatchObject({ ok: false })
        await eventually(async () => (await log.health()).ok)
        await log.append(spec.name, 0, [record('after')])
        const texts: string[] = []
        for await (const { value } of log.read(spec.name, 0)) texts.push(value!.toString())
        expect(texts.filter((text) => text !== 'lost or not')).toEqual(['before', 'after'])
        await log.close()
      },
      TEST_MS_MAX,
    )

    it(
      'of which one stands still are given up by their clients, and taken again',
      async () => {
        const spec = kafkaTopic({ partitions: 3 })
        const log = await openKafkaLog(kafka(), safely)
        await log.ensureTopics([spec])
        const recording = await recordTopics(log, [spec.name])
        const [frozen] = kafka().brokers
        await frozen!.freeze()
        try {
          await Promise.all([0, 1, 2].map((partition) => appendAtLast(log, spec.name, partition, 'without it')))
          await until(() => [0, 1, 2].every((partition) => recording.texts(partition).includes('without it')))
        } finally {
          await frozen!.start()
        }
        await eventually(async () => (await log.health()).ok)
        await Promise.all([0, 1, 2].map((partition) => log.append(spec.name, partition, [record('with it')])))
        await until(() => [0, 1, 2].every((partition) => recording.texts(partition).includes('with it')))
        expect(recording.stopped).toEqual([])
        await log.close()
      },
      TEST_MS_MAX,
    )
  })
})
