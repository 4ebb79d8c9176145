/**
 * The topic `raw` on a real Kafka, written by Kafka's own Java producer in every compression that Kafka knows. The brokers
 * turn it into one that the collector reads; nothing here has a codec for snappy or lz4.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { findKafka, resolveKafkaJars } from '../../../infra/local/kafka-jars.ts'
import { createPreparer } from '../../../services/collector/preparing/index.ts'
import { createRawIntake } from '../../../services/collector/raw/index.ts'
import { logOpener } from '../../../services/roles/engines.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { parseConfig } from '../../../services/lib/config.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { createPartitioning } from '../../../services/lib/partitioning.ts'
import { tenantKeys } from '../../../services/lib/secrets.ts'
import { withKafka } from '../../support/kafka.ts'
import { claimPartitionKey } from '../../support/partition-key.ts'
import { until } from '../../support/service.ts'

const MINUTES_2 = 120_000
const RECORDS = 50
const PRODUCER = fileURLToPath(new URL('../../support/ProduceRecords.java', import.meta.url))
const run = promisify(execFile)

/** Running a Java program from its source takes the compiler, which a mere runtime lacks. */
const hasCompiler = await run('java', ['--list-modules']).then(
  ({ stdout }) => stdout.includes('jdk.compiler'),
  () => false,
)
const jars = await findKafka()

async function produce(brokers: readonly string[], codec: string, lines: readonly string[]): Promise<void> {
  const path = `${await resolveKafkaJars()}/*`
  const running = run('java', [
    '-Xmx128m',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    path,
    PRODUCER,
    brokers.join(','),
    'raw',
    codec,
  ])
  running.child.stdin?.end(lines.map((line) => `${line}\n`).join(''))
  await running
}

await withKafka({ brokers: 1 }, (kafka) => {
  describe('records of other producers', () => {
    it('are read whatever they are compressed with', { timeout: MINUTES_2 }, async (context) => {
      if (!hasCompiler) context.skip("needs a Java development kit: it runs Kafka's own producer from its source")
      // The brokers may run in containers, on a machine that cannot get the jars.
      if (!jars.ok) context.skip(jars.reason)
      const outcome = parseConfig(JSON.stringify({ kafka: { brokers: kafka().bootstrap, partitions: 2 } }))
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
      const logger = createLogger('silent')
      const tools = { clientId: 'test', config: outcome.config, clock: systemClock, logger }
      const log = await (await logOpener(tools, () => undefined))()
      await claimPartitionKey(log)
      const metrics = createMetrics()
      const preparer = createPreparer({ keys: tenantKeys(Buffer.alloc(32, 1)), logger })
      const intake = createRawIntake({
        log,
        clock: systemClock,
        logger,
        metrics,
        preparer,
        partitioning: createPartitioning(log),
        tenant: 'acme',
        format: 'auto',
        history: false,
        ready: () => ({ ok: true }),
      })
      const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
      try {
        intake.start()
        for (const codec of codecs) {
          const lines = Array.from({ length: RECORDS }, () =>
            JSON.stringify({ id: randomUUID(), agent: codec, action: 'list_files', time: '2026-06-01T10:00:00Z' }),
          )
          await produce(kafka().bootstrap, codec, lines)
        }
        const taken = async (): Promise<number> => {
          const { values } = await metrics.eventsAccepted.get()
          return values.reduce((sum, { value }) => sum + value, 0)
        }
        await until(taken, (count) => count >= RECORDS * codecs.length)
        expect(await taken()).toBe(RECORDS * codecs.length)
        expect((await metrics.deadLetters.get()).values).toEqual([])
      } finally {
        await intake.stop()
        await preparer.close()
        await log.close()
      }
    })
  })
})
