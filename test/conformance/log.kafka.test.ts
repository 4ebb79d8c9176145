/** The Kafka adapter passes the contract of the log port, on a real broker, and passes it on when it is lent. */
import { createLogger } from '../../services/lib/logger.ts'
import { createKafkaLog } from '../../services/lib/log/kafka/index.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { withKafka } from '../support/kafka.ts'
import { describeLog, type LogHarness } from './log.ts'
import { lent } from './log-harness.ts'

await withKafka({ brokers: 1 }, (kafka) => {
  async function createHarness(): Promise<LogHarness> {
    const brokers = kafka().bootstrap
    const options = { brokers, clientId: 'test', clock: systemClock, logger: createLogger('silent'), heartbeatMs: 100 }
    return {
      open: () => createKafkaLog(options),
      // Topics and groups have new names in each test; the broker goes with all of them at the end.
      async destroy() {},
    }
  }
  describeLog('the log on Kafka', createHarness, { maintainsAtOnce: false, modelRuns: 15 })
  describeLog('a lent log on Kafka', lent(createHarness), { maintainsAtOnce: false, modelRuns: 5 })
})
