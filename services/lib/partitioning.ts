/**
 * The key of a log's partitions, stored in `state`. The responder writes it before the first record of `events`.
 * Everybody else reads it before writing their first record there or to `signals`.
 *
 * Each writer writes a claim under its own random id, and the first claim of the partition is the key. Compaction keeps
 * the newest record of each id, so it never removes the first claim. A responder that was cut off while writing can only
 * add a later claim, which has no effect. Claims are never removed.
 *
 * A log that has records in `events` and no claim is older than claims, and continues without a key. That never changes,
 * because a claim is durable before the first record of `events`.
 */
import type { Words } from '../../schemas/keyed-hash.ts'
import {
  type Partitioner,
  createPartitioner,
  type PartitionKey,
  readPartitionKey,
  type Spread,
} from '../../schemas/partitioning.ts'
import { contentPartition, parseStateKey } from '../../schemas/state.ts'
import { type Log, LogError } from './log/port.ts'

/** How one log is partitioned. Both throw LogError if that cannot be read, or is not decided yet. */
export interface Partitioning {
  /** How `events` is spread. */
  spread(): Promise<Spread>
  partitioner(): Promise<Partitioner>
}

function claimIn(value: Buffer): Words | undefined {
  try {
    return readPartitionKey((JSON.parse(value.toString('utf8')) as { readonly key?: unknown } | null)?.key)
  } catch {
    return undefined
  }
}

async function firstClaim(log: Log): Promise<PartitionKey | undefined> {
  for await (const { key, value, offset } of log.read('state', contentPartition(log.partitions('state')))) {
    if (value === null || parseStateKey(key ?? '')?.kind !== 'partitioning') continue
    const claimed = claimIn(value)
    if (claimed !== undefined) return claimed
    // Another key would send identities to partitions where nobody knows them.
    throw new LogError('log_corrupt', `the key of the partitions, record ${offset} of the topic state, is damaged`)
  }
  return undefined
}

async function hasEvents(log: Log): Promise<boolean> {
  const partitions = [...Array(log.partitions('events')).keys()]
  const bounds = await Promise.all(partitions.map((partition) => log.bounds('events', partition)))
  return bounds.some(({ end }) => end > 0)
}

/** The key; null for a log older than keys; undefined if it is not decided yet, because nothing was written. */
export async function findPartitionKey(log: Log): Promise<PartitionKey | undefined> {
  const claimed = await firstClaim(log)
  if (claimed !== undefined) return claimed
  if (!(await hasEvents(log))) return undefined
  // The claim and the first events may have come after the first look.
  return (await firstClaim(log)) ?? null
}

/** Finds out when it is first asked, and remembers what will not change. */
export function createPartitioning(log: Log): Partitioning {
  let finding: Promise<{ readonly key: PartitionKey; readonly partitioner: Partitioner }> | undefined

  async function find() {
    const key = await findPartitionKey(log)
    if (key !== undefined) return { key, partitioner: createPartitioner(key) }
    throw new LogError('log_unavailable', 'the log has no key of its partitions yet: the responder writes it')
  }

  const found = () => {
    if (finding !== undefined) return finding
    const fresh = find()
    finding = fresh
    // What is undecided or could not be read is looked up again next time.
    fresh.catch(() => {
      finding = undefined
    })
    return fresh
  }

  return {
    spread: async () => ({ partitions: log.partitions('events'), partitionKey: (await found()).key }),
    partitioner: async () => (await found()).partitioner,
  }
}
