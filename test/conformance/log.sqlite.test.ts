/** The embedded log passes the contract of the log port. */
import { describeLog } from './log.ts'
import { embedded } from './log-harness.ts'

describeLog('the embedded log', embedded, { maintainsAtOnce: true, modelRuns: 15 })
