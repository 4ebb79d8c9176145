/** A thread that ends by itself when it is asked to, and answers everything else. */
import { workerData } from 'node:worker_threads'
import type { CalledThreadData } from '../../services/commands/lib/called-thread.ts'
import { createCalls } from '../../services/lib/calls.ts'

export type EndingProcedures = {
  readonly double: (n: number) => number
  /** Ends the thread, and never answers. */
  readonly end: (none: null) => Promise<never>
}

const procedures: EndingProcedures = {
  double(n) {
    if (n < 0) throw new RangeError('no number is less than nothing')
    return 2 * n
  },
  end: () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error('the thread is tired')
      })
    }),
}
createCalls<Record<never, never>>((workerData as CalledThreadData).calls, procedures)
