/**
 * A thread of the collector for which the tenant `expensive` says that its jobs took a minute, and `dear` that they took half a second.
 * With those that the sender `stuck` sends it stands still for ever, as a step of many seconds does.
 */
import { parentPort } from 'node:worker_threads'
import type { Answer, Given } from '../../services/collector/preparing/protocol.ts'

const SPENT_MS = new Map([
  ['expensive', 60_000],
  ['dear', 500],
])
const port = parentPort!
const spent = new Map<number, number>()
port.on('message', ({ id, order: { job } }: Given) => {
  const ms = SPENT_MS.get(job.tenant)
  if (ms === undefined) return
  const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  if ('sender' in job && job.sender === 'stuck') for (;;) Atomics.wait(cell, 0, 0, 20)
  spent.set(id, ms)
})
const post = port.postMessage.bind(port)
port.postMessage = (answer: Answer) => post({ ...answer, spentMs: spent.get(answer.id) ?? answer.spentMs })
await import('../../services/collector/preparing/thread.ts')
