/**
 * Ids. Every id is a hash of its causes, so that repeating work repeats ids and every consumer can drop what it has.
 * No id contains a keyed hash, a receipt time or anything else that differs between two runs over the same data.
 */
import { hash } from 'node:crypto'

/**
 * H: the first 128 bits of SHA-256 over the parts, 32 hex digits. Parts are length-prefixed, so that ('ab','c') and
 * ('a','bc') differ.
 */
export function H(...parts: readonly (string | number)[]): string {
  let joined = ''
  for (const part of parts) {
    const word = String(part)
    joined += `${word.length}:${word}`
  }
  return hash('sha256', joined, 'hex').slice(0, 32)
}

export const eventId = (tenant: string, source: string, producerId: string): string =>
  H('event', tenant, source, producerId)

export interface FindingCauses {
  readonly tenant: string
  readonly detector: string
  readonly version: number
  /** The identity, session or second-stage key that the finding is about. */
  readonly key: string
  /** Start of the fixed event-time window, or another word that distinguishes one occasion of the key from the next. */
  readonly window: string | number
  /** event_id of the root evidence; '' in stage two, where what arrives first is not fixed. */
  readonly root: string
  /** Level of a detector that has levels: a higher one is a new finding. '' without. */
  readonly level: string | number
  /** A finding of history has a separate id, so that it does not replace a live one. */
  readonly history: boolean
}

export const findingId = (c: FindingCauses): string =>
  H('finding', c.tenant, c.detector, c.version, c.key, c.window, c.root, c.level, ...(c.history ? ['history'] : []))

export const actionId = (cause: string, action: string): string => H('action', cause, action)

/** The `webhook-id` of every retry. */
export const deliveryId = (action: string, endpoint: string): string => H('delivery', action, endpoint)

/**
 * A 32-bit FNV-1a over UTF-16 units, mixed by murmur3's finaliser: spreads keys over partitions and table slots. It is
 * not a secret and not an id.
 */
export function hash32(word: string, seed = 0x811c9dc5): number {
  let h = seed
  for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), 0x01000193)
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * The partition of a key: the same on every engine, so that state can be moved between them. For topics that are spread by
 * tenant; where senders choose the key, partitioning.ts does.
 */
export const partitionOf = (key: string, partitions: number): number => hash32(key) % partitions
