/**
 * `npm run bench:state -- --identities 1500000 [--partitions 1] [--json]`: how much memory an identity costs at rest, with
 * all detectors on, of which habit and detector it is, and how long a snapshot and a restore take. A child process does it, so that nothing else is in its
 * memory. What a partition holds whoever comes (the rings of ids, the pools of windows) is filled before measuring and
 * told apart. Exits 1 above the limit.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { toolOptions } from '../../scripts/tool-options.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { createStageOne, type Stage, type StageSnapshot } from '../../services/detector/engine/index.ts'
import { assemble, encodeSnapshot } from '../../services/detector/runtime/snapshot-codec.ts'
import { describeMachine } from './lib/machine.ts'
import { Filler, stageOptions } from './lib/filler.ts'
import { lightFrame } from './lib/workload.ts'
import { restBytesOf } from '../support/state-bytes.ts'

/** Identities that fill what is bounded, before measuring: more than there are windows. */
const WARM_IDENTITIES = 8_192
/** So many events at least, so that what the runtime keeps for its own work is there before, too. */
const WARM_EVENTS = 400_000
const EVENTS_PER_IDENTITY = 2

interface Result {
  readonly identities: number
  readonly partitions: number
  readonly bytes_per_identity: number
  /** Of the columns and indexes alone, as the engine counts them. */
  readonly table_bytes_per_identity: number
  readonly fixed_bytes_per_partition: number
  readonly snapshot_copy_ms_max: number
  readonly snapshot_ms: number
  readonly snapshot_bytes: number
  readonly restore_ms: number
}

const { values } = toolOptions(import.meta.url, {
  options: {
    identities: { type: 'string', default: '1500000' },
    partitions: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
})
const wanted = Number(values.identities)
const partitions = Number(values.partitions)
if (!(wanted > 0) || !(partitions >= 1)) {
  console.error('--identities and --partitions take a number from 1')
  process.exit(2)
}

/** Resident memory after everything that can be collected has been. */
async function settledRss(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    // The collector that hands back all it can, as it does before it would give up: what it keeps for later belongs to
    // no identity.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return process.memoryUsage().rss
}

async function throughSnapshot(
  stage: Stage,
): Promise<{ copyMs: number; ms: number; bytes: number; restoreMs: number }> {
  const began = performance.now()
  const snapshot: StageSnapshot = stage.snapshot()
  const copyMs = performance.now() - began
  const chunks: Buffer[] = []
  const manifest = await encodeSnapshot(snapshot, async (_, bytes) => {
    chunks.push(bytes)
  })
  const ms = performance.now() - began
  const restoreBegan = performance.now()
  const assembly = assemble(manifest)
  chunks.forEach((bytes, chunk) => assembly.add(chunk, bytes))
  const back = assembly.done()
  if (back === undefined) throw new Error('the snapshot is not whole')
  const restored = createStageOne(stageOptions(stage.partition), back)
  const restoreMs = performance.now() - restoreBegan
  if (restored.stats.identities !== stage.stats.identities) throw new Error('the restored stage lacks identities')
  return { copyMs, ms, bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0), restoreMs }
}

async function child(): Promise<Result> {
  const perPartition = Math.floor(wanted / partitions)
  const empty = await settledRss()
  const filler = new Filler(partitions, lightFrame)
  const warm = Math.min(WARM_IDENTITIES, perPartition)
  const rounds = Math.max(LIMITS.dedup_ids_per_partition * 1.2, WARM_EVENTS / partitions) / warm
  filler.events(0, warm, Math.ceil(rounds))
  filler.rest()
  const warmRss = await settledRss()
  const warmTables = filler.stateBytes
  filler.events(warm, perPartition, EVENTS_PER_IDENTITY)
  filler.rest()
  const full = await settledRss()
  const grown = Math.max(1, filler.identities - warm * partitions)
  if (filler.identities < perPartition * partitions)
    throw new Error('identities were evicted: fewer fit than asked for')
  const snapshots: Awaited<ReturnType<typeof throughSnapshot>>[] = []
  for (const stage of filler.stages) snapshots.push(await throughSnapshot(stage))
  const sum = (pick: (s: (typeof snapshots)[number]) => number): number => snapshots.reduce((t, s) => t + pick(s), 0)
  const perIdentity = (full - warmRss) / grown
  return {
    identities: filler.identities,
    partitions,
    bytes_per_identity: Math.round(perIdentity * 10) / 10,
    table_bytes_per_identity: Math.round(((filler.stateBytes - warmTables) / grown) * 10) / 10,
    fixed_bytes_per_partition: Math.round((warmRss - empty - perIdentity * warm * partitions) / partitions),
    snapshot_copy_ms_max: Math.round(Math.max(...snapshots.map((s) => s.copyMs))),
    snapshot_ms: Math.round(sum((s) => s.ms)),
    snapshot_bytes: sum((s) => s.bytes),
    restore_ms: Math.round(sum((s) => s.restoreMs)),
  }
}

function parent(): void {
  const args = ['--identities', String(wanted), '--partitions', String(partitions), '--child']
  const printed = execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1024 * 1024,
  })
  const result = JSON.parse(printed) as Result
  const machine = describeMachine()
  const limit = LIMITS.identity_rest_bytes_max
  const shares = restBytesOf(DETECTORS)
  const declared = shares.reduce((sum, { bytes }) => sum + bytes, 0)
  const fits = result.bytes_per_identity <= limit && declared <= limit
  if (values.json) {
    console.log(JSON.stringify({ machine, ...result, shares, declared_bytes: declared, limit_bytes: limit, fits }))
  } else {
    const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`
    console.log(`${machine.cpu}; node ${machine.node}; commit ${machine.commit}; ${machine.date}`)
    console.log(
      `${result.identities.toLocaleString('en')} identities in ${partitions} partitions, ${DETECTORS.length} detectors`,
    )
    console.log(`resident growth per identity at rest  ${result.bytes_per_identity} bytes (limit ${limit})`)
    console.log(`of it columns and index               ${result.table_bytes_per_identity} bytes`)
    console.log(`declared by habits and detectors      ${declared} bytes`)
    for (const { what, bytes } of shares) console.log(`  ${what.padEnd(36)}${bytes}`)
    console.log(`fixed per partition, filled           ${mib(result.fixed_bytes_per_partition)}`)
    console.log(
      `snapshot: longest pause ${result.snapshot_copy_ms_max} ms, ${result.snapshot_ms} ms in all, ${mib(result.snapshot_bytes)}`,
    )
    console.log(`restore from its bytes: ${result.restore_ms} ms`)
    console.log(fits ? 'within the limit' : 'ABOVE THE LIMIT')
  }
  process.exitCode = fits ? 0 : 1
}

if (values.child) console.log(JSON.stringify(await child()))
else parent()
