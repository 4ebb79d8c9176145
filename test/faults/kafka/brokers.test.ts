/**
 * Brokers that die, stand still and come back under a running producer and a running group: what was acknowledged is
 * delivered, in order; what cannot be stored safely is not acknowledged; and everybody goes on by themselves.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Log } from '../../../services/lib/log/port.ts'
import { createSteadyConsumer, type SteadyConsumer } from '../../../services/lib/log/steady-consumer.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { freshName, record, until } from '../../conformance/log-support.ts'
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

/** What a group has applied, by partition, and where each goes on. */
interface Applied {
  readonly texts: string[][]
  readonly next: number[]
}

const nothingApplied = (partitions: number): Applied => ({
  texts: Array.from({ length: partitions }, () => []),
  next: Array.from({ length: partitions }, () => 0),
})

/** A member of a group that goes on behind what it has applied, as services do, and like them begins again when it was stopped. */
async function startMember(log: Log, topic: string, group: string, { texts, next }: Applied): Promise<SteadyConsumer> {
  const member = createSteadyConsumer({
    log,
    logger: createLogger('silent'),
    what: 'reading the records',
    group,
    topics: [topic],
    handler: (_topic, partition) => ({
      start: async () => (next[partition] === 0 ? 'earliest' : next[partition]!),
      async process({ records }, { heartbeat }) {
        await heartbeat()
        for (const { offset, value } of records) {
          // Two members may be at it for a moment when one was given up: the offset tells what is applied.
          if (offset < next[partition]!) continue
          texts[partition]!.push(value!.toString())
          next[partition] = offset + 1
        }
      },
      stop: async () => undefined,
    }),
  })
  await member.start()
  return member
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
        const applied = nothingApplied(PARTITIONS)
        const group = freshName('group')
        const members = [await startMember(log, topic, group, applied), await startMember(other, topic, group, applied)]
        const producers = applied.texts.map((_, partition) => startProducer(log, topic, partition))
        for (const broker of kafka().brokers) {
          const before = producers.map(({ acknowledged }) => acknowledged.length)
          await broker.kill()
          // Every partition goes on without it.
          await until(() => producers.every(({ acknowledged }, i) => acknowledged.length > before[i]! + 20))
          await broker.start()
          await eventually(async () => (await log.health()).ok)
        }
        await Promise.all(producers.map((producer) => producer.stop()))
        const ends = await Promise.all(applied.next.map((_, partition) => log.bounds(topic, partition)))
        await until(() => applied.next.every((offset, partition) => offset === ends[partition]!.end))
        for (const [partition, { acknowledged }] of producers.entries()) {
          const there = new Set(applied.texts[partition])
          expect(acknowledged.filter((text) => !there.has(text))).toEqual([])
          const numbers = applied.texts[partition]!.map(Number)
          expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
        }
        await Promise.all(members.map((member) => member.stop()))
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
        const applied = nothingApplied(3)
        const member = await startMember(log, spec.name, freshName('group'), applied)
        const isApplied = (text: string): boolean => applied.texts.every((texts) => texts.includes(text))
        const [frozen] = kafka().brokers
        await frozen!.freeze()
        try {
          await Promise.all([0, 1, 2].map((partition) => appendAtLast(log, spec.name, partition, 'without it')))
          await until(() => isApplied('without it'))
        } finally {
          await frozen!.start()
        }
        await eventually(async () => (await log.health()).ok)
        await Promise.all([0, 1, 2].map((partition) => appendAtLast(log, spec.name, partition, 'with it')))
        await until(() => isApplied('with it'))
        await member.stop()
        await log.close()
      },
      TEST_MS_MAX,
    )
  })
})
