/**
 * A thread of the collector for which the tenant `expensive` says that its jobs took a minute, and which stands still for ever with the
 * second one, as a step of many seconds does.
 */
import { parentPort } from 'node:worker_threads'
import type { Answer, Given } from '../../services/collector/preparing/protocol.ts'

const EXPENSIVE_MS = 60_000
const port = parentPort!
const ids = new Set<number>()
port.on('message', ({ id, order: { job } }: Given) => {
  if (job.tenant !== 'expensive') return
  const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  if ('sender' in job && job.sender === 'stuck') for (;;) Atomics.wait(cell, 0, 0, 20)
  ids.add(id)
})
const post = port.postMessage.bind(port)
port.postMessage = (answer: Answer) => post(ids.has(answer.id) ? { ...answer, spentMs: EXPENSIVE_MS } : answer)
await import('../../services/collector/preparing/thread.ts')
