/**
 * A thread of the collector that stands still in the first step of a job: of the tenant `starved` for three seconds without a core, as
 * where others take them all, of `asleep` for ever without one, of `endless` for ever with one.
 */
import { parentPort } from 'node:worker_threads'
import type { Given } from '../../services/collector/preparing/protocol.ts'

let tenant = ''
parentPort?.on('message', ({ order: { job } }: Given) => {
  tenant = job.tenant
})

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms)
}

// A step is told by adding one: that is where it begins.
const add = Atomics.add.bind(Atomics)
Object.assign(Atomics, {
  add(...given: Parameters<typeof Atomics.add>) {
    const before = add(...given)
    const now = tenant
    tenant = ''
    if (now === 'starved') sleep(3_000)
    while (now === 'asleep') sleep(20)
    while (now === 'endless');
    return before
  },
})
await import('../../services/collector/preparing/thread.ts')
