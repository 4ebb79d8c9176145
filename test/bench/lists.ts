/**
 * `npm run -s bench:lists -- [--entries 1500000] [--partitions 64] [--json]`: how long a leak list takes from its line file to
 * every partition, a change of it, and a restart of the detectors that hold it, on the embedded log; and what it costs in
 * memory and for each event. With 4194303 entries the section has 64 MB
 * after the change, which adds one.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toolOptions } from '../../scripts/tool-options.ts'
import { LeakedCredentials } from '../../detectors/lib/leaked-credentials.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import { LEAK_LIST, leakListHash } from '../../schemas/leak-list.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { createDetectorService, type DetectorService } from '../../services/detector/index.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { readLists } from '../../services/lib/lists/watch.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { createLogger } from '../../services/lib/logger.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { createPartitioning } from '../../services/lib/partitioning.ts'
import { createSections } from '../../services/responder/sections.ts'
import { createStateStore } from '../../services/responder/store.ts'
import { systemTimers } from '../../services/responder/timers.ts'
import { describeMachine } from './lib/machine.ts'
import { until } from './processes/waiting.ts'

const WAIT_MS_MAX = 300_000
const LOOKUPS = 1_000_000
const { values } = toolOptions(import.meta.url, {
  options: {
    entries: { type: 'string', default: '1500000' },
    partitions: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
})
const entries = Number(values.entries)
const partitions = Number(values.partitions)

const folder = mkdtempSync(join(tmpdir(), 'moltwatch-bench-lists-'))
const room = join(folder, 'lists', 'leaked-credentials')
mkdirSync(room, { recursive: true })
const file = join(room, 'list.txt')
writeFileSync(file, '# a list\n')
for (let left = entries; left > 0; left -= 50_000) {
  const some = randomBytes(32 * Math.min(left, 50_000))
    .toString('hex')
    .replaceAll(/.{64}/g, '$&\n')
  appendFileSync(file, some)
}

const logger = createLogger('silent')
const clock = systemClock
const log = await createSqliteLog({ directory: join(folder, 'log'), clock, logger })
await log.ensureTopics(topicSpecs(partitions))
const tools = { log, clock, logger, timers: systemTimers, isClosed: () => false }
const store = createStateStore({ ...tools, onFatal: (error) => console.error(error) })
const sections = createSections({ ...tools, store })
const detectors = (): DetectorService =>
  createDetectorService({
    log,
    partitioning: createPartitioning(log),
    detectors: DETECTORS,
    codeVersion: 'bench',
    clock,
    logger,
    metrics: createMetrics(),
  })

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const began = performance.now()
  const result = await work()
  return [result, Math.round(performance.now() - began)]
}
const isCaughtUp = async (service: DetectorService): Promise<boolean> => {
  const { partitions: mine } = service.status()
  const lag = await service.lag()
  return mine.events === partitions && mine.signals === partitions && lag.events + lag.signals === 0
}
const caughtUp = (service: DetectorService): Promise<unknown> =>
  until('all partitions hold the list', () => isCaughtUp(service), WAIT_MS_MAX)
const memory = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** From the files to every partition of the running detectors. */
async function load(service: DetectorService) {
  const watch = {
    configuration: join(folder, 'moltwatch.yaml'),
    tenants: () => ['default'],
    keyOf: () => Buffer.alloc(32, 1),
    onChange: () => undefined,
    onProblems: () => undefined,
  }
  const [read, readMs] = await timed(() => readLists(watch))
  if (read.problems.length > 0) throw new Error(JSON.stringify(read.problems))
  const [, logMs] = await timed(async () => {
    for (const [tenant, bytes] of read.lists) {
      await sections.hold(leakListHash(bytes), bytes)
      await sections.roll(LEAK_LIST, tenant, leakListHash(bytes))
    }
  })
  const [, heldMs] = await timed(() => caughtUp(service))
  return { read_and_keyed_ms: readMs, into_the_log_ms: logMs, taken_up_ms: heldMs, content: read.lists[0]?.[1] }
}

let service = detectors()
await service.start()
await caughtUp(service)
const before = memory()
const { content, ...first } = await load(service)
const list = new LeakedCredentials(content ?? new Uint8Array(0))
const held = memory() - before - (content?.byteLength ?? 0) - list.bytes
appendFileSync(file, `${randomBytes(32).toString('hex')}\n`)
const { content: _, ...change } = await load(service)
await service.stop()
service = detectors()
const [, restoreMs] = await timed(async () => {
  await service.start()
  await caughtUp(service)
})
const credentials = Array.from({ length: 1_000 }, () => randomBytes(16).toString('hex'))
const [, lookupMs] = await timed(async () => {
  for (let i = 0; i < LOOKUPS; i++) list.has(credentials[i % credentials.length] as string)
})
await service.stop()
await store.flush()
await log.close()
rmSync(folder, { recursive: true, force: true })

const result = {
  entries,
  partitions,
  section_bytes: content?.byteLength ?? 0,
  load: first,
  change,
  restore_ms: restoreMs,
  memory_bytes: held,
  lookup_ns: Math.round((lookupMs * 1e6) / LOOKUPS),
}
const machine = describeMachine()
console.log(
  values.json
    ? JSON.stringify({ machine, ...result })
    : `${JSON.stringify(result, null, 1)}\n${JSON.stringify(machine)}`,
)
