/**
 * A real Apache Kafka for tests. Where none can be started, tests that need it say so in one line and are left out,
 * unless MOLTWATCH_REQUIRE_KAFKA=1 demands it: then they fail.
 */
import { afterAll, beforeAll, it } from 'vitest'
import { type LocalKafka, type LocalKafkaOptions, startKafka } from '../../infra/local/kafka.ts'
import { findJava } from '../../infra/local/kafka-jars.ts'

const START_MS_MAX = 180_000

function leaveOut(reason: string): void {
  it('needs a running Apache Kafka', (context) => {
    if (process.env['MOLTWATCH_REQUIRE_KAFKA'] === '1') throw new Error(reason)
    context.skip(reason)
  })
}

/** Calls `define` with a way to reach the brokers, which run for as long as the tests of this file. */
export async function withKafka(options: LocalKafkaOptions, define: (kafka: () => LocalKafka) => void): Promise<void> {
  const java = await findJava()
  if (!java.ok) return leaveOut(java.reason)
  let kafka: LocalKafka | undefined
  beforeAll(async () => {
    kafka = await startKafka(options)
    console.log(`This runs on ${kafka.description}.`)
  }, START_MS_MAX)
  afterAll(() => kafka?.close(), START_MS_MAX)
  define(() => kafka!)
}
