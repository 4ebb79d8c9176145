/** A thread that prepares requests. Long ones take turns, so that a short one behind them need not wait for their end. */
import { parentPort, workerData } from 'node:worker_threads'
import type { TenantKeys } from '../../lib/secrets.ts'
import { createPrepare } from './prepare.ts'
import { createFormats } from '../formats/formats.ts'
import { type Answer, type Given, JOB, type Mappings, placeIn, STEP, type ThreadData } from './protocol.ts'

const port = parentPort!
const { memoryBytesMax, place: shared, mappings } = workerData as ThreadData
const place = placeIn(shared)
/** By tenant; they come with each job, so that the master key stays where it is. */
const given = new Map<string, Given['keys']>()
const keyOf = (tenant: string, use: keyof Given['keys']): Buffer => {
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

async function answer({ id, job, body, keys: own }: Given): Promise<Answer> {
  given.set(job.tenant, own)
  const step = (): void => {
    Atomics.store(place, JOB, id)
    Atomics.add(place, STEP, 1)
  }
  try {
    return {
      id,
      preparation: await prepare({ ...job, body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }, step),
    }
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

port.on('message', (message: Given | Mappings) => {
  if (message.mappings !== undefined) {
    formats = createFormats(message.mappings)
    return
  }
  void answer(message).then((made) => {
    Atomics.store(place, JOB, 0)
    port.postMessage(made)
  })
})
