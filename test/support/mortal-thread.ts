/** A thread of the collector that a job can end, as running out of memory does: one of the tenant `deadly`. */
import { parentPort } from 'node:worker_threads'
import type { Given } from '../../services/collector/preparing/protocol.ts'

parentPort?.on('message', ({ order: { job } }: Given) => {
  if (job.tenant === 'deadly') process.exit(9)
})
await import('../../services/collector/preparing/thread.ts')
