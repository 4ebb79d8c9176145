/**
 * Findings of a tenant as the log has them, in the order in which they were found: what a tail reads, also while the
 * warehouse is away. A place is the offset of a record in the tenant's partition of `findings`.
 */
import type { Finding } from '../../schemas/finding.ts'
import { partitionOf } from '../../schemas/ids.ts'
import type { Log } from './log/port.ts'

export interface FoundAt {
  readonly offset: number
  readonly finding: Finding
}

export interface FindingFeed {
  /** At most `max` findings from an offset on, and the offset to continue from. Without an offset: from now on. */
  since(tenant: string, offset: number | undefined, max: number): Promise<{ found: FoundAt[]; next: number }>
}

const TOPIC = 'findings'

/** Reads findings from the log. Throws LogError. */
export const createFindingFeed = (log: Log): FindingFeed => ({
  async since(tenant, offset, max) {
    const partition = partitionOf(tenant, log.partitions(TOPIC))
    const { start, end } = await log.bounds(TOPIC, partition)
    if (offset === undefined || offset >= end) return { found: [], next: offset === undefined ? end : offset }
    const found: FoundAt[] = []
    let next = Math.max(offset, start)
    for await (const record of log.read(TOPIC, partition, next)) {
      next = record.offset + 1
      if (record.key !== tenant || record.value === null) continue
      found.push({ offset: record.offset, finding: JSON.parse(record.value.toString('utf8')) as Finding })
      if (found.length >= max) break
    }
    return { found, next }
  },
})
