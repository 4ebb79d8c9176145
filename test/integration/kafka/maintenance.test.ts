/**
 * What brokers remove in their own time, made short by settings: real compaction and real retention. The adapter reads over
 * the gaps that compaction leaves, and never skips what retention has taken.
 */
import { describe, expect, it } from 'vitest'
import { readTexts, record, recordTopics, tombstone, until } from '../../conformance/log-support.ts'
import { withKafka } from '../../support/kafka.ts'
import { eventually, kafkaTopic, openKafkaLog } from '../../support/kafka-log.ts'

const WAIT_MS_MAX = 90_000
const outOfRange = { code: 'offset_out_of_range', retriable: false }

/** Brokers that look for something to remove several times a second. */
const properties = {
  'log.cleaner.backoff.ms': '200',
  'log.retention.check.interval.ms': '300',
  'log.initial.task.delay.ms': '100',
}
/** Segments end soon, and what has ended is compacted at once. */
const topicSettings = {
  'segment.ms': '300',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'delete.retention.ms': '0',
  'file.delete.delay.ms': '0',
}

await withKafka({ brokers: 1, properties }, (kafka) => {
  describe('compaction', () => {
    it(
      'leaves the newest of each key; reads and consumers go over the gaps',
      async () => {
        const log = await openKafkaLog(kafka(), { topicSettings })
        const spec = kafkaTopic({ cleanup: 'compact' })
        await log.ensureTopics([spec])
        const topic = spec.name
        const first = await log.append(topic, 0, [record('a0', 'a'), record('b0', 'b')])
        const keys = Array.from({ length: 400 }, (_, i) => `key ${i % 10}`)
        for (const [i, key] of keys.entries()) {
          await log.append(topic, 0, [record(`${i} ${'x'.repeat(5_000)}`, key)])
        }
        await log.append(topic, 0, [tombstone('b'), record('a1', 'a')])
        // The newest segment is never compacted, and ends when something is appended after its time.
        await eventually(async () => {
          await log.append(topic, 0, [record('tick', 'tick')])
          const texts = await readTexts(log, topic)
          return texts.length < 30 && !texts.includes(null)
        })
        const texts = (await readTexts(log, topic)).filter((text) => text !== 'tick')
        const newest = keys.slice(-10).map((_, i) => `${390 + i} ${'x'.repeat(5_000)}`)
        expect(texts).toEqual([...newest, 'a1'])
        const start = (await log.bounds(topic, 0)).start
        for (const from of [start, first + 1, first + 200]) {
          const recording = await recordTopics(log, [topic], { from })
          await until(() => recording.texts(0).includes('a1'))
          expect(recording.texts(0).filter((text) => text !== 'tick')).toEqual([...newest, 'a1'])
          expect(recording.stopped).toEqual([])
          await recording.consumer.close()
        }
        await log.close()
      },
      WAIT_MS_MAX,
    )
  })

  describe('retention', () => {
    it(
      'takes old records; a reader, a consumer behind it and a start below it are told so',
      async () => {
        const log = await openKafkaLog(kafka(), { topicSettings })
        const spec = kafkaTopic({ retentionMs: 1_500 })
        await log.ensureTopics([spec])
        const topic = spec.name
        const first = await log.append(topic, 0, [record('a'), record('b')])
        const recording = await recordTopics(log, [topic], { batchRecordsMax: 1 })
        await until(() => recording.batches.length === 2)
        recording.consumer.pause(topic, 0)
        await log.append(topic, 0, [record('missed')])
        await eventually(async () => {
          await log.append(topic, 0, [record('tick')])
          return (await log.bounds(topic, 0)).start > first + 3
        })
        await expect(readTexts(log, topic, 0, first)).rejects.toMatchObject(outOfRange)
        recording.consumer.resume(topic, 0)
        await until(() => recording.stopped.length > 0)
        expect(recording.stopped[0]).toMatchObject(outOfRange)
        const below = await recordTopics(log, [topic], { from: first })
        await until(() => below.stopped.length > 0)
        expect(below.stopped[0]).toMatchObject(outOfRange)
        expect(below.batches).toEqual([])
        await log.close()
      },
      WAIT_MS_MAX,
    )

    it(
      'that leaves nothing never lets an offset be given twice',
      async () => {
        const log = await openKafkaLog(kafka(), { topicSettings })
        const spec = kafkaTopic({ retentionMs: 500 })
        await log.ensureTopics([spec])
        const last = await log.append(spec.name, 0, [record('a')])
        await eventually(async () => (await log.bounds(spec.name, 0)).start > last)
        expect(await log.bounds(spec.name, 0)).toEqual({ start: last + 1, end: last + 1 })
        expect(await readTexts(log, spec.name)).toEqual([])
        expect(await log.append(spec.name, 0, [record('b')])).toBe(last + 1)
        await log.close()
      },
      WAIT_MS_MAX,
    )
  })
})
