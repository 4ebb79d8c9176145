/**
 * Chooses the partition of an identity in `events`, and of a stage-two key in `signals`, with a keyed hash. The key belongs
 * to the log and no sender knows it, so nobody can aim many identities at one partition. A log older than these keys keeps
 * its original hash without a key. No id and no finding depends on the choice.
 */
import { partitionOf } from './ids.ts'
import { KeyedHash, type Words } from './keyed-hash.ts'
import { eventKey, signalKey } from './topics.ts'

/** The key of a log's partitions; null: the log is older than keys and has none. */
export type PartitionKey = Words | null

/** How `events` is spread, in a form that goes to threads. */
export interface Spread {
  /** Number of partitions. */
  readonly partitions: number
  readonly partitionKey: PartitionKey
}

/** Chooses among `partitions` partitions. */
export interface Partitioner {
  /** For events of an identity, and for control records addressed to it. */
  ofIdentity(tenant: string, identity: string, partitions: number): number
  ofSignal(tenant: string, kind: string, key: string, partitions: number): number
}

const UNKEYED: Partitioner = {
  ofIdentity: (tenant, identity, partitions) => partitionOf(eventKey(tenant, identity), partitions),
  ofSignal: (tenant, kind, key, partitions) => partitionOf(signalKey(tenant, kind, key), partitions),
}

export function createPartitioner(key: PartitionKey): Partitioner {
  if (key === null) return UNKEYED
  const hash = new KeyedHash(key)
  const place = (tenant: string, first: string, second: string, partitions: number): number => {
    hash.of(tenant, first, second)
    return hash.a % partitions
  }
  return {
    ofIdentity: (tenant, identity, partitions) => place(tenant, identity, '', partitions),
    ofSignal: place,
  }
}

const HEX = /^[0-9a-f]{32}$/

/** The key in its form in `state`: 32 hex digits. */
export const writePartitionKey = (key: Words): string => key.map((word) => word.toString(16).padStart(8, '0')).join('')

/** Undefined if it is not a key. */
export function readPartitionKey(text: unknown): Words | undefined {
  if (typeof text !== 'string' || !HEX.test(text)) return undefined
  const word = (index: number): number => Number.parseInt(text.slice(index * 8, index * 8 + 8), 16)
  return [word(0), word(1), word(2), word(3)]
}
