/**
 * The records of the compacted topic `state`. Only the responder writes it, and rebuilds its memory from it.
 *
 * A key is `<kind>/<tenant>/<id>/<sequence>`. Every change is a new record with the next sequence number. Readers take the
 * highest, and the owner then tombstones the lower one. A stale writer can therefore only add a lower one, which nobody
 * reads. Content of knowledge sections is in chunks under `list/<hash>/<part>`; settings from before there were chunks are
 * under `content/<hash>`. Neither needs a sequence number, because a hash has one content.
 */
import { partitionOf } from './ids.ts'

/**
 * incident, quarantine, delivery: the schemas of those names. payload: body of a webhook, by action. sink: state of a sink.
 * rollout: which content of a section every partition has received. leak-list: the same for leak lists, in older logs.
 * suppression, switch, token: what people decided. command: the result of a command. audit: who requested what, as a chain.
 * position: how far a partition of `findings` or `commands` has been applied. partitioning: a claim to the key of the log's
 * partitions (services/lib/partitioning.ts).
 */
export const STATE_KINDS = [
  'incident',
  'quarantine',
  'delivery',
  'payload',
  'sink',
  'rollout',
  'leak-list',
  'suppression',
  'switch',
  'token',
  'audit',
  'command',
  'position',
  'partitioning',
] as const
export type StateKind = (typeof STATE_KINDS)[number]

export interface StateAddress {
  readonly kind: StateKind
  readonly tenant: string
  readonly id: string
}

const CONTENT = 'content/'
const CHUNKS = 'list/'
/** Bytes of one chunk: a whole number of a leak list's entries, below what a record takes. */
export const CHUNK_BYTES = 896_000

export const stateKey = (address: StateAddress, sequence: number): string =>
  [address.kind, encodeURIComponent(address.tenant), encodeURIComponent(address.id), sequence].join('/')

/** Content of settings, undivided. */
export const contentKey = (hash: string): string => `${CONTENT}${hash}`
/** The hash of a content key; undefined for any other key. */
export const contentHash = (key: string): string | undefined =>
  key.startsWith(CONTENT) ? key.slice(CONTENT.length) : undefined

/** The part of a content that is written last, and says how many chunks there are: `{"chunks": 3}`. */
export const WHOLE = 'whole'
/** `part`: number of a chunk, or WHOLE. */
export const chunkKey = (hash: string, part: number | string): string => `${CHUNKS}${hash}/${part}`
/** undefined for any other key. */
export function parseChunkKey(key: string): { readonly hash: string; readonly part: string } | undefined {
  const [hash = '', part = ''] = key.startsWith(CHUNKS) ? key.slice(CHUNKS.length).split('/') : []
  return hash === '' || part === '' ? undefined : { hash, part }
}

/** Parses a key; undefined if it is not the key of a sequenced record. */
export function parseStateKey(key: string): (StateAddress & { readonly sequence: number }) | undefined {
  const parts = key.split('/')
  const kind = STATE_KINDS.find((k) => k === parts[0])
  const sequence = Number(parts[3])
  if (parts.length !== 4 || kind === undefined || !Number.isSafeInteger(sequence)) return undefined
  return { kind, tenant: decodeURIComponent(parts[1]!), id: decodeURIComponent(parts[2]!), sequence }
}

/** All of a tenant's state is in one partition, so that related changes are written together, in order. */
export const statePartition = (tenant: string, partitions: number): number => partitionOf(tenant, partitions)
/** Content is shared by all tenants and is in the partition of records without a tenant. */
export const contentPartition = (partitions: number): number => statePartition('', partitions)
