/**
 * One member of a group in a process of its own, for tests that stop and resume it. Arguments: brokers, topic, group,
 * session in ms. It says on standard output, a JSON line each, what happens to it and when.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '../../../services/lib/clock.ts'
import { createKafkaLog } from '../../../services/lib/log/kafka/index.ts'
import { createLogger } from '../../../services/lib/logger.ts'

const [brokers, topic, group, sessionMs] = process.argv.slice(2) as [string, string, string, string]
const say = (what: string, partition: number): void =>
  console.log(JSON.stringify({ what, partition, at: systemClock.now() }))

// It ends with the test that started it, whatever ends that.
process.stdin.once('end', () => process.exit()).resume()

const log = await createKafkaLog({
  brokers: brokers.split(','),
  clientId: 'member',
  clock: systemClock,
  logger: createLogger('silent'),
  heartbeatMs: 100,
  sessionMs: Number(sessionMs),
})
await log.ensureTopics([
  { name: topic, partitions: 2, key: 'any', holds: 'tests', cleanup: 'delete', retentionMs: 86_400_000 },
])
await log.consume({
  group,
  topics: [topic],
  batchRecordsMax: 1,
  onStopped: (reason) => say(`stopped: ${reason.message}`, -1),
  handler: (_, partition) => ({
    async start() {
      say('start', partition)
      return 'latest'
    },
    async process(_batch, { heartbeat }) {
      // Long enough that a stop nearly always comes while a batch is in progress.
      await wait(300)
      await heartbeat().catch((error: { code: string }) => {
        say(error.code, partition)
        throw error
      })
      say('applied', partition)
    },
    async stop() {
      say('stop', partition)
    },
  }),
})
