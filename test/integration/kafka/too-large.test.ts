/**
 * Brokers that take less than a frame has (max.message.bytes): what they refuse is halved until they take it, and the row, signal or
 * finding that they never take becomes a dead letter. Its neighbours, which may be another tenant's, are stored.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSource } from '../../../detectors/credential/new-source.ts'
import type { DeadLetter } from '../../../schemas/dead-letter.ts'
import { blankEvent, EVENT_COLUMNS, rowOf } from '../../../schemas/event.ts'
import { decodeFrame, encodeTick } from '../../../schemas/frame.ts'
import { eventId } from '../../../schemas/ids.ts'
import { createPartitioner } from '../../../schemas/partitioning.ts'
import { blankSignal, SIGNAL_SCHEMA_VERSION, type Signal } from '../../../schemas/signal.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { createFrameWriter } from '../../../services/collector/frame-writer.ts'
import { createStageTwo } from '../../../services/detector/engine/index.ts'
import { createOutputs } from '../../../services/detector/runtime/outputs.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { createTurns } from '../../../services/lib/turns.ts'
import { withKafka } from '../../support/kafka.ts'
import { openKafkaLog } from '../../support/kafka-log.ts'
import { finding } from '../../support/responder.ts'

const BYTES_MAX = 10_000
/** Text that does not compress. */
const noise = (bytes: number): string => randomBytes(bytes).toString('base64').slice(0, bytes)

async function valuesOf(log: Log, topic: string): Promise<Buffer[]> {
  const values: Buffer[] = []
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    for await (const { value } of log.read(topic, partition)) if (value !== null) values.push(value)
  }
  return values
}
const lettersOf = async (log: Log): Promise<DeadLetter[]> =>
  (await valuesOf(log, 'dead-letters')).map((value) => JSON.parse(value.toString()) as DeadLetter)

await withKafka({ brokers: 1 }, (kafka) => {
  describe('brokers that take little', () => {
    let log: Log
    beforeAll(async () => {
      log = await openKafkaLog(kafka(), { topicSettings: { 'max.message.bytes': String(BYTES_MAX) } })
      await log.ensureTopics(topicSpecs(1))
    })
    afterAll(() => log.close())

    it('refuse the record that is too large, and none of those that shared its batch', async () => {
      const records = (count: number, bytes: number) =>
        Array.from({ length: count }, (_, n) => ({ key: `${n}`, value: Buffer.alloc(bytes, 'x') }))
      const outcomes = await Promise.allSettled([
        log.append('commands', 0, records(30, 900)),
        log.append('commands', 0, records(1, 50_000)),
        log.append('commands', 0, records(3, 10)),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(outcomes[1]).toMatchObject({ reason: { code: 'record_too_large', retriable: false } })
      const read: number[] = []
      for await (const { value } of log.read('commands', 0)) read.push(value?.length ?? 0)
      expect(read).toEqual([...Array.from({ length: 30 }, () => 900), 10, 10, 10])
      expect(outcomes[2]).toEqual({ status: 'fulfilled', value: 30 })
    })

    it('hold every row of a frame but the one that they never take', async () => {
      const rowFor = (tenant: string, n: number, target: string): string =>
        JSON.stringify(
          rowOf({ ...blankEvent(), tenant, sender: 'shipper', event_id: eventId(tenant, 'events', `${n}`), target }),
        )
      const mine = Array.from({ length: 40 }, (_, n) => rowFor('acme', n, noise(600)))
      const theirs = Array.from({ length: 40 }, (_, n) => rowFor('globex', n, noise(600)))
      mine[17] = rowFor('acme', 17, `giant ${noise(30_000)}`)
      const writer = createFrameWriter({ log, clock: systemClock, metrics: createMetrics() })
      await Promise.all([writer.write('acme', new Map([[0, mine]])), writer.write('globex', new Map([[0, theirs]]))])
      const rows = (await valuesOf(log, 'events')).flatMap((value) => decodeFrame(value).rows)
      const tenant = EVENT_COLUMNS.findIndex(({ name }) => name === 'tenant')
      expect(Map.groupBy(rows, (row) => row[tenant]).get('globex')).toHaveLength(40)
      expect(rows.map((row) => JSON.stringify(row))).toEqual([...mine.toSpliced(17, 1), ...theirs])
      const [letter, ...others] = await lettersOf(log)
      expect(others).toEqual([])
      expect(letter).toMatchObject({ tenant: 'acme', sender: 'shipper', service: 'collector', reason: 'refused' })
      expect(letter?.detail).toContain('max.message.bytes')
    })

    it('hold every signal and finding but those that they never take, and stage two counts each once', async () => {
      const partitioner = createPartitioner([1, 2, 3, 4])
      const outputs = createOutputs({
        log,
        clock: systemClock,
        partitioning: { partitioner: async () => partitioner },
        turns: createTurns(),
      })
      const context = { heartbeat: async () => undefined, signal: new AbortController().signal }
      const signals = Array.from(
        { length: 90 },
        (_, n): Signal => ({
          ...blankSignal(),
          tenant: n % 2 === 0 ? 'acme' : 'globex',
          detector: newSource.id,
          version: newSource.version,
          kind: 'candidate',
          key_kind: 'source',
          key: `source-${n}`,
          // Most of them come from one record.
          offset: n < 10 ? n : 10,
          sequence: n < 10 ? 0 : n - 10,
          receipt_time: 1,
          body: JSON.stringify({ noise: noise(n === 50 ? 30_000 : 1_000) }),
        }),
      )
      const findings = [finding({ title: 'one' }), finding({ title: noise(30_000) }), finding({ title: 'two' })]
      const source = { sourcePartition: 0, epoch: 'e', logTime: 1 }
      outputs.signals(signals)
      outputs.findings(findings, 0, () => undefined)
      await outputs.flush(source, context)
      const frames = await valuesOf(log, 'signals')
      expect(frames.length).toBeGreaterThan(10)
      for (const frame of frames) expect(frame.length).toBeLessThan(BYTES_MAX)
      // A worker that begins again writes all of it once more.
      outputs.signals(signals)
      await outputs.flush(source, context)
      const twice = await valuesOf(log, 'signals')
      expect(twice).toHaveLength(2 * frames.length)
      const options = { detectors: [newSource], codeVersion: 'x', partition: 0 }
      let stage = createStageTwo(options)
      let taken = 0
      for (const [offset, value] of twice.entries()) {
        taken += stage.apply({ offset, value }).count
        stage = createStageTwo(options, stage.snapshot())
      }
      expect(taken).toBe(signals.length - 1)
      expect(stage.stats.candidates).toBe(signals.length - 1)
      stage.apply({ offset: twice.length, value: encodeTick(SIGNAL_SCHEMA_VERSION, 1) })
      const titles = (await valuesOf(log, 'findings')).map(
        (value) => (JSON.parse(value.toString()) as { title: string }).title,
      )
      // What shared an append with a refused one may stand there twice: its id tells.
      expect([...new Set(titles)]).toEqual(['one', 'two'])
      const origins = (await lettersOf(log)).filter(({ service }) => service === 'detector').map(({ origin }) => origin)
      expect(new Set(origins)).toEqual(new Set(['signal/0/10/40', `finding/${findings[1]?.id}`]))
    })
  })
})
