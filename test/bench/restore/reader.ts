/** The child that has nothing but the log: restores every partition through the snapshot store, as a detector does. */
import { createStageOne, type Stage, type StageSnapshot } from '../../../services/detector/engine/index.ts'
import { createSnapshotStore } from '../../../services/detector/runtime/snapshot-store.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { stageOptions } from '../lib/filler.ts'
import { cpuSeconds } from '../lib/machine.ts'
import type { Restored } from './plan.ts'
import { fingerprintOf } from './writer.ts'

/** `together`: all partitions at once, as at a start; otherwise one after the other, so that each has its own time. */
export async function restore(log: Log, partitions: number, together: boolean): Promise<Restored> {
  const store = createSnapshotStore(log)
  const times: number[] = []
  const restored: { readonly stage: Stage; readonly snapshot: StageSnapshot }[] = []

  async function one(partition: number): Promise<void> {
    const began = performance.now()
    const [{ snapshot, damaged }] = await Promise.all([
      store.newest('events', partition),
      store.newest('signals', partition),
    ])
    if (snapshot === undefined || damaged.length > 0) throw new Error(`partition ${partition} has no whole snapshot`)
    restored[partition] = { stage: createStageOne(stageOptions(partition), snapshot), snapshot }
    times.push(performance.now() - began)
  }

  const cpu = cpuSeconds()
  const began = performance.now()
  const all = [...Array(partitions).keys()]
  if (together) await Promise.all(all.map(one))
  else for (const partition of all) await one(partition)
  const [ms, cpuMs] = [performance.now() - began, (cpuSeconds() - cpu) * 1_000]
  const sorted = times.sort((a, b) => a - b)
  return {
    ms: Math.round(ms),
    cpu_ms: Math.round(cpuMs),
    partition_ms_p50: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    partition_ms_max: Math.round(sorted.at(-1) ?? 0),
    identities: restored.reduce((sum, { stage }) => sum + stage.stats.identities, 0),
    // What was read is what was written, and the stage holds what was read.
    fingerprints: restored.map(({ stage, snapshot }) => {
      const [read, held] = [fingerprintOf(snapshot), fingerprintOf(stage.snapshot())]
      return read === held ? read : `read ${read}, held ${held}`
    }),
  }
}
