/**
 * The signals that a partition of stage one has sent once, because only the earliest of what is sent alike counts: the same
 * again, later, changes nothing in stage two. Keyed hashes are kept, with the time of each, so that what is left out does not
 * depend on the order in which events came, and nobody can make a signal that passes for another one.
 *
 * Each is sent every week nevertheless, because stage two may have evicted its row. The memory is bounded, in two generations:
 * when the young one is full it becomes the old one, and the old one's content is forgotten. What was forgotten is sent again,
 * which costs time and changes nothing.
 */
import type { Sent } from '../../../detectors/detector.ts'
import { KeyedHash, type Words } from '../../../schemas/keyed-hash.ts'
import { PLAIN_KEY } from './keys.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'
import { Table } from './table.ts'

/** Rows of a generation that is full. */
const ROWS_MAX = 8_192
const WEEK_MS = 7 * 86_400_000
/** How snapshots name it. */
const NAME = 'engine/sent-once'
/** Column number in the table, whose key is column 0. */
const TIME = 1

/** Hashes, each with the time in ms at which it was first sent. */
const createGeneration = (): Table => new Table([{ name: 'engine/time', type: 'f64', length: 1 }])

/** Infinity if it is not there. */
function timeIn(generation: Table, hi: number, lo: number): number {
  const row = generation.find(hi, lo)
  return row < 0 ? Number.POSITIVE_INFINITY : generation.f64(row, TIME)
}

export class SentOnce {
  #hash: KeyedHash
  #young = createGeneration()
  #old = createGeneration()

  constructor(key: Words = PLAIN_KEY) {
    this.#hash = new KeyedHash(key)
  }

  /** Whether the same was sent at an earlier time, this week or the one before. `owner`: the detector's `id@version`; `time` in ms. */
  has(tenant: string, owner: string, sent: Sent, time: number): boolean {
    const week = Math.floor(time / WEEK_MS)
    return this.#timeOf(tenant, owner, sent, week) < time || this.#timeOf(tenant, owner, sent, week - 1) < time
  }

  /** Notes that it is sent at this time; false if the same was sent earlier in the week, so that it need not be. */
  add(tenant: string, owner: string, sent: Sent, time: number): boolean {
    if (this.#timeOf(tenant, owner, sent, Math.floor(time / WEEK_MS)) < time) return false
    if (this.#young.size >= ROWS_MAX) {
      this.#old = this.#young
      this.#young = createGeneration()
    }
    const { a, b } = this.#hash
    const row = this.#young.find(a, b)
    this.#young.setF64(row < 0 ? this.#young.insert(a, b) : row, TIME, time)
    return true
  }

  /** Everything is sent again: stage two may have given up what it got. */
  clear(): void {
    this.#young = createGeneration()
    this.#old = createGeneration()
  }

  get bytes(): number {
    return this.#young.bytes + this.#old.bytes
  }

  write(snapshot: SnapshotWriter): void {
    snapshot.json(NAME, { key: this.#hash.key })
    snapshot.table(`${NAME}/young`, this.#young)
    snapshot.table(`${NAME}/old`, this.#old)
  }

  /** Stays empty where the snapshot is older than it. */
  read(snapshot: SnapshotReader): void {
    const meta = snapshot.json(NAME) as { readonly key: Words } | undefined
    if (meta === undefined) return
    this.#hash = new KeyedHash(meta.key)
    this.clear()
    snapshot.table(`${NAME}/young`, this.#young)
    snapshot.table(`${NAME}/old`, this.#old)
  }

  /** When it was first sent in that week, Infinity if never; leaves its hash. */
  #timeOf(tenant: string, owner: string, { keyKind, key, fingerprint, value = 0 }: Sent, week: number): number {
    const hash = this.#hash
    hash.of(tenant, key, `${owner} ${keyKind} ${fingerprint} ${value} ${week}`)
    return Math.min(timeIn(this.#young, hash.a, hash.b), timeIn(this.#old, hash.a, hash.b))
  }
}
