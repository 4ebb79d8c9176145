/**
 * The `config` control records of one section: one in every partition of `events` and `signals`. A rollout is written down
 * with the end of every partition before it begins, so that after a kill halfway the rest gets its record and no partition
 * gets two.
 */
import type { ConfigControl } from '../../schemas/control.ts'
import { decodeControl, decodeHeader, encodeControl, FrameError } from '../../schemas/frame.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import { eachPartition, isThere, type Offsets } from './partitions.ts'
import { type AppendTools, appendPatiently } from './state-writer.ts'

/** A section of one tenant ('' for all) on its way into the log. */
export interface Given {
  readonly tenant: string
  readonly hash: string
  /** End of every partition before it began. */
  readonly from: Offsets
  /** Offset of the control record in every partition; null until all have one. */
  readonly given: Offsets | null
}

export interface ConfigRecords {
  /** Appends the record to the partitions that lack it; `isFresh`: none has it. Returns its offsets. */
  everywhere(wanted: Given, isFresh: boolean): Promise<Offsets>
  /** Appends it again to partitions whose retention has removed it; undefined if none has lost it. */
  again(wanted: Given): Promise<{ readonly given: Offsets; readonly partitions: number } | undefined>
}

export interface ConfigRecordsDeps extends AppendTools {
  readonly clock: Clock
  isClosed(): boolean
}

/** Whether the partition got the tenant's record with this hash at or after `from`; the offset, or -1. */
async function findGiven(
  log: Log,
  at: readonly [string, number],
  from: number,
  wanted: ConfigControl,
): Promise<number> {
  const [topic, partition] = at
  const { start, end } = await log.bounds(topic, partition)
  if (from >= end) return -1
  let found = -1
  for await (const { value, offset } of log.read(topic, partition, Math.max(from, start))) {
    if (value === null) continue
    try {
      if (decodeHeader(value).kind !== 'control') continue
      const control = decodeControl(value)
      if (control.type !== 'config' || control.name !== wanted.name || control.tenant !== wanted.tenant) continue
      found = control.hash === wanted.hash ? offset : -1
    } catch (error) {
      // Somebody else's broken record says nothing about ours.
      if (!(error instanceof FrameError)) throw error
    }
  }
  return found
}

export function createConfigRecords(deps: ConfigRecordsDeps, name: string): ConfigRecords {
  const { log, clock } = deps
  const controlOf = ({ tenant, hash }: Given): ConfigControl => ({ type: 'config', name, tenant, hash })
  const give = (wanted: Given, topic: string, partition: number): Promise<number> => {
    const value = encodeControl(controlOf(wanted), clock.now())
    return appendPatiently(deps, topic, partition, [{ key: null, value }], deps.isClosed)
  }
  return {
    everywhere: (wanted, isFresh) =>
      eachPartition(log, async (topic, partition) => {
        const from = wanted.from[topic][partition] ?? 0
        const found = isFresh ? -1 : await findGiven(log, [topic, partition], from, controlOf(wanted))
        return found >= 0 ? found : give(wanted, topic, partition)
      }),
    async again(wanted) {
      const { given } = wanted
      if (given === null) return undefined
      let partitions = 0
      const now = await eachPartition(log, async (topic, partition) => {
        if (await isThere(log, given, topic, partition)) return given[topic][partition]!
        partitions += 1
        return give(wanted, topic, partition)
      })
      return partitions === 0 ? undefined : { given: now, partitions }
    },
  }
}
