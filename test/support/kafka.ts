/**
 * A real Apache Kafka for tests: in containers, or from its jars under Java. Where neither can be started, tests that need
 * it say so in one line and are left out, unless MOLTWATCH_REQUIRE_KAFKA=1 demands it: then they fail.
 */
import { afterAll, beforeAll, it } from 'vitest'
import { type RunningKafka, type KafkaOptions, startKafka } from '../../infra/local/kafka.ts'
import { findKafka, KAFKA_IMAGE } from '../../infra/local/kafka-jars.ts'
import { chooseEngine, sayEngine } from './engines.ts'

const START_MS_MAX = 180_000

function leaveOut(reason: string, isRequired = false): void {
  it('needs a running Apache Kafka', (context) => {
    if (isRequired) throw new Error(reason)
    context.skip(reason)
  })
}

/** Calls `define` with a way to reach the brokers, which run for as long as the tests of this file. */
export async function withKafka(options: KafkaOptions, define: (kafka: () => RunningKafka) => void): Promise<void> {
  const isRequired = process.env['MOLTWATCH_REQUIRE_KAFKA'] === '1'
  if (options.brokers === 3 && !isRequired) {
    return leaveOut('three brokers take minutes and a gigabyte: MOLTWATCH_REQUIRE_KAFKA=1 runs them')
  }
  const chosen = await chooseEngine(KAFKA_IMAGE)
  if (chosen.where === 'local') {
    const found = await findKafka()
    if (!found.ok) return leaveOut(`${found.reason} (${chosen.because})`, isRequired)
  }
  const start = async (): Promise<RunningKafka> => {
    if (chosen.where === 'local') return startKafka(options)
    const { startKafkaInContainers } = await import('./kafka-in-containers.ts')
    return startKafkaInContainers(options)
  }
  let kafka: RunningKafka | undefined
  beforeAll(async () => {
    kafka = await start()
    sayEngine(kafka.description, chosen)
  }, START_MS_MAX)
  afterAll(() => kafka?.close(), START_MS_MAX)
  define(() => kafka!)
}
