/** Bounded reads of one partition, for compacted topics and tools: no group, no position, one fetch after the other. */
import { LIMITS } from '../../../../schemas/limits.ts'
import { LogError, type LogRecord } from '../port.ts'
import { type Cluster, persist, unavailable } from './cluster.ts'
import { type Fetched, fetchFrom } from './fetch.ts'
import type { Offsets } from './offsets.ts'
import { readRecordSet } from './record-batch.ts'
import { errorOf } from './wire.ts'

export interface Page {
  readonly records: readonly LogRecord[]
  /** Where to read on. */
  readonly next: number
}

/**
 * What a fetch from `offset` says, for a topic with or without gaps. Throws offset_out_of_range where records are
 * missing that should be there. A page without records and with `next` unchanged means that the answer was too small.
 */
export function readPage(fetched: Fetched, offset: number, compacted: boolean): Page {
  const place = `${fetched.topic}/${fetched.partition}`
  const { records, firstOffset, next, cut } = readRecordSet(fetched.recordSet, offset, place)
  if (!compacted && firstOffset !== undefined && firstOffset > offset) {
    const message = `offset ${offset} of ${place} is missing: the log goes on at ${firstOffset}`
    throw new LogError('offset_out_of_range', message)
  }
  // Compaction can remove the last records too: then a fetch before the end brings nothing at all.
  if (compacted && firstOffset === undefined && !cut && next < fetched.end) return { records, next: fetched.end }
  return { records, next }
}

async function fetchPage(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
  bytesMax: number,
): Promise<Fetched> {
  const leader = cluster.leader(topic, partition)
  if (leader === undefined) throw unavailable(`${topic}/${partition} has no leader at the moment`)
  const wire = await cluster.node(leader)
  const { errorCode, partitions } = await fetchFrom(wire, [{ topic, partition, offset, bytesMax }], 0)
  const fetched = partitions[0]
  const error = errorOf(errorCode) ?? errorOf(fetched?.errorCode ?? 0)
  if (error !== undefined) throw error
  if (fetched === undefined) throw unavailable(`${topic}/${partition} was not answered`)
  return fetched
}

/** Records from `from`, or the start, to the end as it is at the first step. Throws LogError. */
export async function* readAll(
  { cluster, offsets, compacted }: { cluster: Cluster; offsets: Offsets; compacted: boolean },
  topic: string,
  partition: number,
  from: number | undefined,
): AsyncGenerator<LogRecord> {
  const bounds =
    from === undefined ? await offsets.bounds(topic, partition) : await offsets.check(topic, partition, from)
  let next = from ?? bounds.start
  let bytesMax: number = LIMITS.kafka_fetch_bytes_max
  while (next < bounds.end) {
    const offset = next
    const size = bytesMax
    const page = await persist(cluster, `${topic}/${partition} cannot be read`, async () => {
      try {
        return readPage(await fetchPage(cluster, topic, partition, offset, size), offset, compacted)
      } catch (error) {
        if ((error as { type?: string }).type !== 'OFFSET_OUT_OF_RANGE') throw error
        await offsets.check(topic, partition, offset)
        // The offset exists: the broker that refused it was no longer the leader, or not yet.
        throw unavailable(`${topic}/${partition} cannot be read`, error)
      }
    })
    for (const record of page.records) if (record.offset < bounds.end) yield record
    bytesMax = page.next === offset ? bytesMax * 2 : LIMITS.kafka_fetch_bytes_max
    next = page.next
  }
}
