/**
 * Starts Apache Kafka for a person: prints the addresses on standard output and runs until it is interrupted. Its data
 * goes with it. `npm run -s kafka:local -- [--brokers 1|3]`.
 */
import { parseArgs } from 'node:util'
import { startKafka } from './kafka.ts'

const { values } = parseArgs({ options: { brokers: { type: 'string', default: '1' } } })
if (values.brokers !== '1' && values.brokers !== '3') {
  console.error(`--brokers is 1 or 3, not ${values.brokers}`)
  process.exit(1)
}
const kafka = await startKafka({ brokers: values.brokers === '3' ? 3 : 1 })
console.error(`${kafka.description}. Interrupt it to end it and remove its data.`)
console.log(kafka.bootstrap.join(','))
// Whatever the signal, the same happens; without this line nothing would keep the process.
const alive = setInterval(() => undefined, 2 ** 30)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    clearInterval(alive)
    void kafka.close()
  })
}
