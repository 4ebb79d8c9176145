/** Topics that exist in another form than the one that is wanted: every difference is named, nothing is changed. */
import { describe, expect, it } from 'vitest'
import { topicSpecs } from '../../../schemas/topics.ts'
import { record } from '../../conformance/log-support.ts'
import { withKafka } from '../../support/kafka.ts'
import { kafkaTopic, openKafkaLog } from '../../support/kafka-log.ts'

await withKafka({ brokers: 1 }, (kafka) => {
  describe('ensureTopics', () => {
    it('creates all topics of the system, and finds nothing to say the next time', async () => {
      const log = await openKafkaLog(kafka())
      await log.ensureTopics(topicSpecs(4))
      await log.close()
      const again = await openKafkaLog(kafka())
      await again.ensureTopics(topicSpecs(4))
      expect(again.partitions('events')).toBe(4)
      await again.close()
    })

    it('names each difference: partitions, cleanup, retention, replicas, replicas in sync', async () => {
      const spec = kafkaTopic({ partitions: 2, retentionMs: 1_000_000 })
      const log = await openKafkaLog(kafka())
      await log.ensureTopics([spec])
      const other = await openKafkaLog(kafka(), { replicationFactor: 3, minInSync: 2 })
      const wanted = { ...spec, partitions: 3, retentionMs: 2_000_000 }
      const error = await other.ensureTopics([wanted]).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'topic_mismatch', retriable: false })
      const { message } = error as Error
      for (const difference of [
        'partitions 2, wanted: 3',
        'replicas 1, wanted: 3',
        'retention.ms 1000000, wanted: 2000000',
        'min.insync.replicas 1, wanted: 2',
      ]) {
        expect(message).toContain(`topic ${spec.name} has ${difference}`)
      }
      const compacted = log.ensureTopics([{ ...spec, cleanup: 'compact' }])
      await expect(compacted).rejects.toThrow('cleanup.policy delete, wanted: compact')
      await Promise.all([log.close(), other.close()])
    })

    it('says which topic cannot have as many replicas as are asked for', async () => {
      const spec = kafkaTopic()
      const log = await openKafkaLog(kafka(), { replicationFactor: 3 })
      await expect(log.ensureTopics([spec])).rejects.toThrow(`topic ${spec.name} with 3 replicas cannot be created`)
      await log.close()
    })

    it('lets two processes create the same topics at once', async () => {
      const specs = [kafkaTopic({ partitions: 8 }), kafkaTopic({ partitions: 8 })]
      const logs = await Promise.all([1, 2, 3].map(() => openKafkaLog(kafka())))
      await Promise.all(logs.map((log) => log.ensureTopics(specs)))
      await Promise.all(logs.map((log) => log.append(specs[0]!.name, 7, [record('a')])))
      expect((await logs[0]!.bounds(specs[0]!.name, 7)).end).toBe(3)
      await Promise.all(logs.map((log) => log.close()))
    })

    it('takes records up to the limit, whatever the brokers say of batches', async () => {
      const spec = kafkaTopic()
      const small = kafkaTopic()
      const log = await openKafkaLog(kafka())
      const strict = await openKafkaLog(kafka(), { topicSettings: { 'max.message.bytes': '10000' } })
      await log.ensureTopics([spec])
      await strict.ensureTopics([small])
      const largest = { key: null, value: Buffer.alloc(1_000_000, 'x') }
      expect(await log.append(spec.name, 0, [largest, largest, largest])).toBe(0)
      expect((await log.bounds(spec.name, 0)).end).toBe(3)
      const refused = strict.append(small.name, 0, [largest])
      await expect(refused).rejects.toMatchObject({ code: 'record_too_large', retriable: false })
      await expect(refused).rejects.toThrow('max.message.bytes')
      expect(await strict.append(small.name, 0, [record('fits')])).toBe(0)
      await Promise.all([log.close(), strict.close()])
    })
  })
})
