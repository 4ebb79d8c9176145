/**
 * Copies a log into an empty one and keeps every offset. Snapshots, signals and the responder's records contain offsets;
 * keeping them lets the services continue on the new log as if nothing had happened. Records that retention removed from
 * the beginning of a partition are replaced by records without content, which every reader skips. Compacted topics are
 * copied as they are: nothing names their offsets.
 */
import { counted } from '../../../schemas/counted.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { TopicSpec } from '../../../schemas/topics.ts'
import { type Log, LogError, type PartitionBounds, type RecordInput } from '../../lib/log/port.ts'

export interface CopyOptions {
  readonly source: Log
  /** Has the topics, and nothing in them. */
  readonly target: Log
  readonly topics: readonly TopicSpec[]
  onProgress(topic: string, records: number): void
}

export interface Copied {
  readonly topic: string
  /** Records with content. */
  readonly records: number
  /** First offset of each partition that was copied; before it there are only records without content. */
  readonly starts: readonly number[]
}

/** Why the copy cannot be made, or was not what it should be. */
export class CopyError extends Error {
  override readonly name = 'CopyError'
}

const PARTITIONS_AT_ONCE = 8
const FILLERS_AT_ONCE = 10_000
const RECORDS_AT_ONCE = 500

/** Runs of records that one append takes. */
async function* loadsOf(records: AsyncIterable<RecordInput & { readonly offset: number }>) {
  let load: RecordInput[] = []
  let [first, bytes] = [-1, 0]
  for await (const { key, value, offset } of records) {
    const size = (value?.length ?? 0) + (key?.length ?? 0)
    if (load.length > 0 && (load.length >= RECORDS_AT_ONCE || bytes + size > LIMITS.frame_bytes_max)) {
      yield { first, load }
      load = []
    }
    if (load.length === 0) [first, bytes] = [offset, 0]
    load.push({ key, value })
    bytes += size
  }
  if (load.length > 0) yield { first, load }
}

async function copyPartition(
  { source, target, onProgress }: CopyOptions,
  { name, cleanup }: TopicSpec,
  partition: number,
): Promise<{ records: number; start: number }> {
  const { start, end } = await source.bounds(name, partition)
  const keepsOffsets = cleanup === 'delete'
  for (let at = 0; keepsOffsets && at < start; at += FILLERS_AT_ONCE) {
    const fillers = Array.from({ length: Math.min(FILLERS_AT_ONCE, start - at) }, () => ({ key: null, value: null }))
    await target.append(name, partition, fillers)
  }
  let records = 0
  for await (const { first, load } of loadsOf(source.read(name, partition))) {
    const offset = await target.append(name, partition, load)
    if (keepsOffsets && offset !== first) {
      throw new CopyError(
        `record ${first} of ${name}/${partition} came to lie at ${offset}: somebody else writes there`,
      )
    }
    records += load.length
    onProgress(name, load.length)
  }
  const reached = await target.bounds(name, partition)
  if (keepsOffsets && reached.end !== end) {
    throw new CopyError(`${name}/${partition} ends at ${reached.end} and not at ${end}: somebody else writes there`)
  }
  return { records, start }
}

/** Each try has the log's own patience. */
const BOUNDS_TRIES_MAX = 6

/** Topics that were created a moment ago take a while to answer on a busy cluster; nothing is written yet, so it may wait. */
async function boundsOfNew(target: Log, name: string, partition: number): Promise<PartitionBounds> {
  for (let tries = 1; ; tries++) {
    try {
      return await target.bounds(name, partition)
    } catch (error) {
      if (!(error instanceof LogError) || !error.retriable || tries === BOUNDS_TRIES_MAX) throw error
    }
  }
}

/** Refuses before anything is written. Throws CopyError. */
async function checkBefore({ source, target, topics }: CopyOptions): Promise<void> {
  for (const { name } of topics) {
    const [has, wants] = [target.partitions(name), source.partitions(name)]
    if (has !== wants) {
      throw new CopyError(
        `topic ${name} has ${counted(has, 'partition')} and needs ${wants}: state belongs to its partition`,
      )
    }
    for (let partition = 0; partition < has; partition++) {
      const { end } = await boundsOfNew(target, name, partition)
      if (end > 0) {
        throw new CopyError(
          `topic ${name} is not empty (partition ${partition} ends at ${end}): the copy needs new topics. Remove the topics, or name another cluster`,
        )
      }
    }
  }
}

/** Copies every topic. Throws CopyError, and LogError if one of the logs fails; what was written is then unusable. */
export async function copyLog(options: CopyOptions): Promise<Copied[]> {
  await checkBefore(options)
  const copied: Copied[] = []
  for (const topic of options.topics) {
    const partitions = options.source.partitions(topic.name)
    const starts = Array.from({ length: partitions }, () => 0)
    let [next, records] = [0, 0]
    const lane = async (): Promise<void> => {
      for (let partition = next++; partition < partitions; partition = next++) {
        const one = await copyPartition(options, topic, partition)
        records += one.records
        starts[partition] = one.start
      }
    }
    await Promise.all(Array.from({ length: PARTITIONS_AT_ONCE }, lane))
    copied.push({ topic: topic.name, records, starts })
  }
  return copied
}
