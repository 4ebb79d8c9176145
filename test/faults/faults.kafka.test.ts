/** Faults met by separate processes on Apache Kafka and ClickHouse. */
import { defineFaults } from './every-fault.ts'

await defineFaults('kafka')
