/**
 * Rows by key, with what the engine itself keeps of each: newest event time, beginning, tenant and sender, and for
 * sessions the last touch in log time. It enforces the caps: a tenant has at most its share of the rows, and a new key
 * beyond that evicts the longest silent one in a sample of the tenant's own rows.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import { KeyedHash, type Words } from '../../../schemas/keyed-hash.ts'
import { key64, type Key64 } from './keys.ts'
import { Senders, type SendersMeta } from './senders.ts'
import type { NamedColumn, Table } from './table.ts'

const column = (name: string, type: 'u16' | 'u32'): NamedColumn => ({ name: `engine/${name}`, type, length: 1 })
// Column numbers in the table, whose key is column 0.
const NEWEST = 1
const NEWEST_MS = 2
const SINCE = 3
const SENDER = 4
const TOUCHED = 5

/** In the column of the milliseconds: the key has only had events without a time of their own. */
const PROVISIONAL = 0x8000
const MS = 0x3ff

/** How many rows an eviction looks at. */
const SAMPLE = 16

export interface KeysMeta extends SendersMeta {
  readonly high: number
  readonly free: readonly number[]
  readonly hand: number
  readonly evicted: number
  /** Keys the hash of the rows. Absent where their keys have 64 bits without one. */
  readonly key?: Words
}

export class KeyTable {
  /** Times other than the newest event's are whole seconds: they serve display, warm-up and freeing, and save bytes. */
  static readonly base: readonly NamedColumn[] = [
    column('newest-s', 'u32'),
    column('newest-ms', 'u16'),
    column('since', 'u32'),
    column('tenant', 'u16'),
  ]
  /** Of keys that log time frees. */
  static readonly idle: readonly NamedColumn[] = [...KeyTable.base, column('touched', 'u32')]
  readonly table: Table
  readonly rowsMax: number
  /** The row that `reach` found; the table's cursor is on it. */
  row = -1
  /** The last `reach` had to evict. */
  overflowed = false
  evicted = 0
  readonly #senders = new Senders()
  readonly #isIdle: boolean
  #hand = 0
  #key: KeyedHash
  /** Rows of an older snapshot, whose keys have 64 bits: each gets its new one when it is next needed. */
  #before = 0
  readonly #keyBefore: Key64 = { hi: 0, lo: 0 }
  /** Called before a row is removed. */
  onRemove: (row: number) => void = () => {}

  constructor(table: Table, rowsMax: number, rowKey: Words) {
    this.table = table
    this.#key = new KeyedHash(rowKey)
    this.rowsMax = rowsMax
    this.#isIdle = table.columns.at(TOUCHED)?.name === 'engine/touched'
  }

  /** Finds or makes the row of a key and points the cursor at it. `sender` is whose event makes it. */
  reach(tenant: string, a: string, b: string, logTime: number, sender = ''): void {
    this.overflowed = false
    let row = this.#find(tenant, a, b)
    if (row < 0) {
      this.#makeRoom(tenant)
      const key = this.#key
      row = this.table.insert(key.a, key.b, key.c, key.d)
      this.table.setU16(row, SENDER, this.#senders.numberOf(tenant, sender))
      this.#senders.count(tenant, 1)
    }
    if (this.#isIdle) this.table.setU32(row, TOUCHED, logTime / 1000)
    this.row = row
    this.table.point(row)
  }

  get newest(): number {
    return this.#newestOf(this.row)
  }
  set newest(time: number) {
    const seconds = Math.floor(time / 1000)
    this.table.setU32(this.row, NEWEST, seconds)
    this.table.setU16(this.row, NEWEST_MS, (time - seconds * 1000) & MS)
  }

  /** Newest event time of a sender in the row; 0 if it has sent nothing for it. */
  newestOf(sender: string): number {
    const first = this.table.u16(this.row, SENDER)
    return this.#senders.newestOf(
      this.row,
      this.#senders.tenantOf(first),
      this.#senders.senderOf(first),
      sender,
      this.newest,
    )
  }

  /** Takes in the time of an event of a sender. */
  advance(sender: string, time: number): void {
    const before = this.newest
    const number = this.table.u16(this.row, SENDER)
    const first = this.#senders.senderOf(number)
    const tenant = this.#senders.tenantOf(number)
    if (first === null) this.table.setU16(this.row, SENDER, this.#senders.numberOf(tenant, sender))
    this.#senders.advance(this.row, tenant, first, sender, time, before)
    if (time > before) this.newest = time
  }

  get since(): number {
    return this.table.u32(this.row, SINCE) * 1000
  }
  /** The key began with an event whose own time is not believed. */
  get sinceIsProvisional(): boolean {
    return (this.table.u16(this.row, NEWEST_MS) & PROVISIONAL) !== 0
  }
  begin(time: number, provisional: boolean): void {
    this.table.setU32(this.row, SINCE, time / 1000)
    const ms = this.table.u16(this.row, NEWEST_MS) & MS
    this.table.setU16(this.row, NEWEST_MS, provisional ? ms | PROVISIONAL : ms)
  }

  /** Rows of a tenant. */
  rowsOf(tenant: string): number {
    return this.#senders.rowsOf(tenant)
  }

  /** Rows by tenant. */
  rows(): ReadonlyMap<string, number> {
    return this.#senders.rows()
  }

  /** When a key began, in ms; undefined if it has no row. The cursor does not move. */
  sinceOf(tenant: string, a: string): number | undefined {
    const row = this.#find(tenant, a, '')
    return row < 0 ? undefined : this.table.u32(row, SINCE) * 1000
  }

  /** Moves the cursor to the row of a key; false if there is none. It is not a touch. */
  meet(tenant: string, a: string): boolean {
    const row = this.#find(tenant, a, '')
    if (row < 0) return false
    this.row = row
    this.table.point(row)
    return true
  }

  forget(tenant: string, a: string, b = ''): void {
    const row = this.#find(tenant, a, b)
    if (row >= 0) this.#remove(row)
  }

  /** The row of a key, or -1. Leaves the key's hash in `#key`. */
  #find(tenant: string, a: string, b: string): number {
    const key = this.#key
    key.of(tenant, a, b)
    const row = this.table.find(key.a, key.b, key.c, key.d)
    return row >= 0 || this.#before === 0 ? row : this.#findBefore(tenant, a, b)
  }

  /** A row of an older snapshot, which gets its new key. */
  #findBefore(tenant: string, a: string, b: string): number {
    const before = this.#keyBefore
    key64(before, tenant, a, b)
    const row = this.table.find(before.hi, before.lo)
    if (row < 0 || this.#tenantOf(row) !== tenant) return -1
    this.table.rekey(row, this.#key.a, this.#key.b, this.#key.c, this.#key.d)
    this.#before--
    return row
  }

  /** Frees a few rows that log time has left idle for `idleMs`: a sample, so that no call is long. */
  expire(logTime: number, idleMs: number): void {
    for (let k = 0; k < SAMPLE && this.table.high > 0; k++) {
      this.#hand = (this.#hand + 1) % this.table.high
      if (this.table.used(this.#hand) && logTime - this.table.u32(this.#hand, TOUCHED) * 1000 >= idleMs)
        this.#remove(this.#hand)
    }
  }

  #newestOf(row: number): number {
    return this.table.u32(row, NEWEST) * 1000 + (this.table.u16(row, NEWEST_MS) & MS)
  }

  #tenantOf(row: number): string {
    return this.#senders.tenantOf(this.table.u16(row, SENDER))
  }

  #makeRoom(tenant: string): void {
    const share = Math.max(1, Math.floor(this.rowsMax * LIMITS.identities_per_tenant_share))
    const overShare = this.rowsOf(tenant) >= share
    if (!overShare && this.table.size < this.rowsMax) return
    this.overflowed = overShare
    this.#evict(overShare ? tenant : undefined)
  }

  /** Removes the longest silent of the next few rows of the tenant (undefined: of anyone). */
  #evict(tenant: string | undefined): void {
    let [victim, silentSince] = [-1, Number.POSITIVE_INFINITY]
    for (let looked = 0, found = 0; looked < this.table.high && found < SAMPLE; looked++) {
      this.#hand = (this.#hand + 1) % this.table.high
      if (!this.table.used(this.#hand)) continue
      if (tenant !== undefined && this.#tenantOf(this.#hand) !== tenant) continue
      found++
      const newest = this.#newestOf(this.#hand)
      if (newest < silentSince) [victim, silentSince] = [this.#hand, newest]
    }
    if (victim < 0) return
    this.#remove(victim)
    this.evicted++
  }

  /** A row whose key has 64 bits still. Of 2^64 keys one looks like that, and loses nothing by it. */
  #isBefore(row: number): boolean {
    return this.table.keyEndsInZeros(row)
  }

  #remove(row: number): void {
    this.onRemove(row)
    if (this.#before > 0 && this.#isBefore(row)) this.#before--
    this.#senders.forget(row, this.#tenantOf(row))
    this.table.remove(row)
  }

  /** What a snapshot keeps in addition to the columns. */
  get meta(): KeysMeta {
    return {
      high: this.table.high,
      free: this.table.freeRows,
      hand: this.#hand,
      evicted: this.evicted,
      key: this.#key.key,
      ...this.#senders.meta,
    }
  }

  load(meta: KeysMeta, bytesOf: (name: string) => Uint8Array | undefined): void {
    this.table.load(meta.high, meta.free, (name) => bytesOf(name) ?? fromBefore(name, bytesOf))
    if (meta.key !== undefined) this.#key = new KeyedHash(meta.key)
    this.#hand = meta.hand
    this.evicted = meta.evicted
    this.#senders.load(meta, (row) => meta.tenants[this.table.u16(row, SENDER)] ?? '')
    for (let row = 0; row < meta.high; row++) {
      if (!this.table.used(row)) continue
      this.#senders.count(this.#tenantOf(row), 1)
      if (this.#isBefore(row)) this.#before++
    }
  }
}

/** A column that a snapshot does not have yet, from the one that it has. */
function fromBefore(name: string, bytesOf: (name: string) => Uint8Array | undefined): Uint8Array | undefined {
  if (name === 'engine/key-128') {
    const keys = new Uint32Array(Uint8Array.from(bytesOf('engine/key') ?? []).buffer)
    const wide = new Uint32Array(keys.length * 2)
    for (let k = 0; k < keys.length; k += 2) wide.set(keys.subarray(k, k + 2), k * 2)
    return new Uint8Array(wide.buffer)
  }
  if (!name.startsWith('engine/newest-')) return undefined
  const times = new Float64Array(Uint8Array.from(bytesOf('engine/newest') ?? []).buffer)
  const column =
    name === 'engine/newest-s'
      ? Uint32Array.from(times, (time) => time / 1000)
      : Uint16Array.from(times, (time) => time % 1000)
  return new Uint8Array(column.buffer)
}
