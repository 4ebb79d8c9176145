/**
 * A thread that prepares requests. Long ones take turns, so that a short one behind them need not wait for their end. It
 * says of each what it took, from the steps between which others had theirs.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { LIMITS } from '../../../schemas/limits.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { asBuffer } from '../../lib/as-buffer.ts'
import { stepBack } from '../../lib/step-back.ts'
import { inflate } from './inflate.ts'
import { createPrepare } from './prepare.ts'
import { createFormats } from '../formats/formats.ts'
import {
  type Answer,
  type Given,
  JOB,
  type Keys,
  type Mappings,
  type Order,
  placeIn,
  type Result,
  STEP,
  type ThreadData,
} from './protocol.ts'

const port = parentPort!
const { memoryBytesMax, isForLight, place: shared, mappings } = workerData as ThreadData
// Where cores are scarce, a long request gives way to the event loop and to short ones.
if (!isForLight) stepBack(LIMITS.background_nice)
const place = placeIn(shared)
/** By tenant. They come with each job, so that the master key does not enter this thread. */
const given = new Map<string, Keys>()
const keyOf = (tenant: string, use: keyof Keys): Buffer => {
  const keys = given.get(tenant)
  if (keys === undefined) throw new Error(`no keys were given for the tenant ${tenant}`)
  return Buffer.from(keys[use])
}
const keys: TenantKeys = {
  forTenant: (tenant) => keyOf(tenant, 'indicators'),
  forCredentials: (tenant) => keyOf(tenant, 'credentials'),
}
let formats = createFormats(mappings)
const prepare = createPrepare(keys, memoryBytesMax, () => formats)

const spent = new Map<number, number>()
let since = 0

/** From here on the thread works on this job; 0: on none. */
function workOn(id: number): void {
  const before = Atomics.exchange(place, JOB, id)
  const now = performance.now()
  if (before !== 0) spent.set(before, (spent.get(before) ?? 0) + now - since)
  since = now
}

function spentOn(id: number): number {
  workOn(0)
  const ms = spent.get(id) ?? 0
  spent.delete(id)
  return ms
}

async function carryOut(order: Order, body: Buffer, step: () => void): Promise<Result> {
  const { kind } = order
  if (kind === 'inflate') {
    step()
    return { kind, made: inflate({ ...order.job, body }) }
  }
  given.set(order.job.tenant, order.keys)
  return { kind, made: await prepare({ ...order.job, body }, step) }
}

async function answer({ id, order, body }: Given): Promise<Answer> {
  const step = (): void => {
    workOn(id)
    Atomics.add(place, STEP, 1)
  }
  try {
    // Not every reader takes shared memory, and the copy is made here, where nobody waits for the event loop.
    const isShared = body.buffer instanceof SharedArrayBuffer
    const whole = isShared ? Buffer.from(body) : asBuffer(body)
    const result = await carryOut(order, whole, step)
    return { id, result, spentMs: spentOn(id) }
  } catch (error) {
    return {
      id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      spentMs: spentOn(id),
    }
  }
}

port.on('message', (message: Given | Mappings) => {
  if (message.mappings !== undefined) {
    formats = createFormats(message.mappings)
    return
  }
  void answer(message).then((made) => port.postMessage(made))
})
