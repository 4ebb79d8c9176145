/**
 * `npm run fuzz:records -- [--records N] [--minutes M] [--seed S]`: broken records of every format through everything that a
 * collector computes, in this process. Prints records and bytes per second, the most CPU by the byte of a thousand records,
 * and what the heap has grown by. Exits 1 where a record meets a bug, where a thousand cost fifty times the usual by the byte, or
 * where the heap grows by more than 128 MiB.
 */
import { toolOptions } from '../../../scripts/tool-options.ts'
import { createPrepare } from '../../../services/collector/preparing/prepare.ts'
import { tenantKeys } from '../../../services/lib/secrets.ts'
import { createBelow, createFuzzed } from './mutate.ts'

const BATCH = 1_000
const COST_MAX = 50
const GROWTH_BYTES_MAX = 128 * 1024 * 1024
const MEMORY_BYTES = 16 * 1024 * 1024
const WARM_BATCHES = 20

const { values } = toolOptions(import.meta.url, {
  options: {
    records: { type: 'string', default: '100000' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
})
const [records, minutes, seed] = [Number(values.records), Number(values.minutes), Number(values.seed)]
const end = Date.now() + minutes * 60_000
const next = await createFuzzed(createBelow(seed))
const prepare = createPrepare(tenantKeys(Buffer.alloc(32, 1)), MEMORY_BYTES)
const faults: string[] = []
const costs: number[] = []
const began = Date.now()
let [done, bytes, events, heapBefore] = [0, 0, 0, 0]

async function batch(): Promise<void> {
  let sent = 0
  const before = process.cpuUsage()
  for (let n = 0; n < BATCH; n++) {
    const { format, body } = next()
    sent += body.length
    const made = await prepare({
      tenant: 'acme',
      sender: 'fuzz',
      receiptTime: Date.UTC(2026, 10, 28),
      history: false,
      format,
      form: 'json',
      body: Buffer.from(body),
      partitions: 64,
      partitionKey: null,
    })
    if (made.ok) events += made.events
    const poison = made.ok ? made.rejected.find(({ reason }) => reason === 'poison') : undefined
    if (poison !== undefined) faults.push(`${format}: ${poison.detail}: ${body.slice(0, 500)}`)
  }
  const { user, system } = process.cpuUsage(before)
  costs.push((user + system) / sent)
  bytes += sent
  done += BATCH
}

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

while (done < records && Date.now() < end && faults.length === 0) {
  await batch()
  if (costs.length === WARM_BATCHES) heapBefore = heap()
}
const growth = costs.length > WARM_BATCHES ? heap() - heapBefore : 0
const sorted = costs.toSorted((a, b) => a - b)
const [median, worst] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0]
const seconds = (Date.now() - began) / 1_000
console.log(
  `${done} records, ${events} events, ${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(0)} s, seed ${seed}`,
)
console.log(
  `${Math.round(done / seconds)} records/s; CPU by the byte: median ${median.toFixed(3)} us, worst ${worst.toFixed(3)} us`,
)
console.log(`heap: ${(growth / 1e6).toFixed(1)} MB more than after ${WARM_BATCHES * BATCH} records`)
if (worst > COST_MAX * median) faults.push(`a thousand records cost ${(worst / median).toFixed(0)} times the usual`)
if (growth > GROWTH_BYTES_MAX) faults.push('the heap grows')
for (const fault of faults) console.error(fault)
process.exit(faults.length === 0 ? 0 : 1)
