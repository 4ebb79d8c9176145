/** A log that is lent to another thread keeps the contract of the log port on the borrower's side. */
import { describeLog } from './log.ts'
import { embedded, lent } from './log-harness.ts'

describeLog('a lent log', lent(embedded), { maintainsAtOnce: true, modelRuns: 15 })
