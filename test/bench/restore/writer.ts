/**
 * The child that fills partitions with identities at rest and writes their snapshots, generation after generation, through
 * the snapshot store into Kafka and into the embedded log, and says what it wrote.
 */
import { hash } from 'node:crypto'
import type { StageSnapshot } from '../../../services/detector/engine/index.ts'
import { createSnapshotStore } from '../../../services/detector/runtime/snapshot-store.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { Filler } from '../lib/filler.ts'
import { variedFrame } from '../lib/workload.ts'
import type { Engine, Written } from './plan.ts'

/** Of the identities, act again between two generations. */
const MOVING_SHARE = 0.05

/** One hash over the columns of a snapshot, names and bytes. */
export function fingerprintOf({ columns }: StageSnapshot): string {
  const parts = columns.map(({ name, bytes }) => `${name} ${hash('sha256', bytes, 'hex')}`)
  return hash('sha256', parts.join('\n'), 'hex')
}

export interface WriterPlan {
  readonly identities: number
  readonly eventsPerIdentity: number
  readonly partitions: number
  readonly generations: number
}

export async function write(plan: WriterPlan, logs: Readonly<Record<Engine, Log>>): Promise<Written> {
  const { identities, eventsPerIdentity, partitions, generations } = plan
  const filler = new Filler(partitions, variedFrame)
  const perPartition = Math.floor(identities / partitions)
  filler.events(0, perPartition, eventsPerIdentity)
  filler.rest()
  const stores = { kafka: createSnapshotStore(logs.kafka), embedded: createSnapshotStore(logs.embedded) }
  const times: Record<Engine, number[]> = { kafka: [], embedded: [] }
  let [columnBytes, compressedBytes] = [0, 0]
  let fingerprints: string[] = []
  for (let generation = 0; generation < generations; generation++) {
    if (generation > 0) {
      filler.events(0, Math.ceil(perPartition * MOVING_SHARE), 1)
      filler.rest()
    }
    fingerprints = []
    columnBytes = 0
    compressedBytes = 0
    const spent: Record<Engine, number> = { kafka: 0, embedded: 0 }
    for (const stage of filler.stages) {
      const snapshot = stage.snapshot()
      fingerprints.push(fingerprintOf(snapshot))
      columnBytes += snapshot.columns.reduce((sum, { bytes }) => sum + bytes.length, 0)
      for (const engine of ['kafka', 'embedded'] as const) {
        const began = performance.now()
        const bytes = await stores[engine].write(snapshot)
        spent[engine] += performance.now() - began
        if (engine === 'kafka') compressedBytes += bytes
      }
    }
    for (const engine of ['kafka', 'embedded'] as const) times[engine].push(Math.round(spent[engine]))
  }
  return {
    identities: filler.identities,
    column_bytes: columnBytes,
    compressed_bytes: compressedBytes,
    write_ms: times,
    fingerprints,
  }
}
