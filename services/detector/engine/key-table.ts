/**
 * Rows by key, with what the engine itself keeps of each: newest event time, beginning, last touch in log time, tenant.
 * It holds the caps: a tenant has at most its share of the rows, and who comes beyond evicts the longest silent of a
 * sample of its own.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import { key64, type Key64 } from './keys.ts'
import type { NamedColumn, Table } from './table.ts'

const column = (name: string, type: 'u16' | 'u32' | 'f64'): NamedColumn => ({ name: `engine/${name}`, type, length: 1 })
// Column numbers in the table, whose key is column 0.
const NEWEST = 1
const SINCE = 2
const TOUCHED = 3
const TENANT = 4

/** How many rows an eviction looks at. */
const SAMPLE = 16

export class KeyTable {
  /** Times other than `newest` are whole seconds: they serve display, warm-up and freeing, and save bytes. */
  static readonly base: readonly NamedColumn[] = [
    column('newest', 'f64'),
    column('since', 'u32'),
    column('touched', 'u32'),
    column('tenant', 'u16'),
  ]
  readonly table: Table
  readonly rowsMax: number
  /** The row that `reach` found, on which the table's cursor stands. */
  row = -1
  /** The last `reach` had to evict. */
  overflowed = false
  evicted = 0
  tenants: string[] = []
  readonly #tenantRows: number[] = []
  readonly #tenantNumbers = new Map<string, number>()
  #hand = 0
  readonly #key: Key64 = { hi: 0, lo: 0 }
  /** Called before a row is removed. */
  onRemove: (row: number) => void = () => {}

  constructor(table: Table, rowsMax: number) {
    this.table = table
    this.rowsMax = rowsMax
  }

  /** Finds or makes the row of a key and points the cursor at it. */
  reach(tenant: string, a: string, b: string, logTime: number): void {
    key64(this.#key, tenant, a, b)
    const { hi, lo } = this.#key
    this.overflowed = false
    let row = this.table.find(hi, lo)
    if (row < 0) {
      const number = this.#numberOf(tenant)
      this.#makeRoom(number)
      row = this.table.insert(hi, lo)
      this.table.write(row, TENANT, number)
      this.#tenantRows[number] = (this.#tenantRows[number] ?? 0) + 1
    }
    this.table.write(row, TOUCHED, logTime / 1000)
    this.row = row
    this.table.point(row)
  }

  get newest(): number {
    return this.table.read(this.row, NEWEST)
  }
  set newest(time: number) {
    this.table.write(this.row, NEWEST, time)
  }
  get since(): number {
    return this.table.read(this.row, SINCE) * 1000
  }
  set since(time: number) {
    this.table.write(this.row, SINCE, time / 1000)
  }

  /** Rows of a tenant. */
  rowsOf(tenant: string): number {
    const number = this.#tenantNumbers.get(tenant)
    return number === undefined ? 0 : (this.#tenantRows[number] ?? 0)
  }

  forget(tenant: string, a: string, b = ''): void {
    key64(this.#key, tenant, a, b)
    const row = this.table.find(this.#key.hi, this.#key.lo)
    if (row >= 0) this.#remove(row)
  }

  /** Frees a few rows that log time has left idle for `idleMs`: a sample, so that no call is long. */
  expire(logTime: number, idleMs: number): void {
    for (let k = 0; k < SAMPLE && this.table.high > 0; k++) {
      this.#hand = (this.#hand + 1) % this.table.high
      if (this.table.used(this.#hand) && logTime - this.table.read(this.#hand, TOUCHED) * 1000 >= idleMs)
        this.#remove(this.#hand)
    }
  }

  #numberOf(tenant: string): number {
    let number = this.#tenantNumbers.get(tenant)
    if (number === undefined) {
      number = this.tenants.length
      this.tenants.push(tenant)
      this.#tenantRows.push(0)
      this.#tenantNumbers.set(tenant, number)
    }
    return number
  }

  #makeRoom(tenant: number): void {
    const share = Math.max(1, Math.floor(this.rowsMax * LIMITS.identities_per_tenant_share))
    const overShare = (this.#tenantRows[tenant] ?? 0) >= share
    if (!overShare && this.table.size < this.rowsMax) return
    this.overflowed = overShare
    this.#evict(overShare ? tenant : -1)
  }

  /** Removes the longest silent of the next few rows of the tenant (-1: of anyone). */
  #evict(tenant: number): void {
    let victim = -1
    for (let looked = 0, found = 0; looked < this.table.high && found < SAMPLE; looked++) {
      this.#hand = (this.#hand + 1) % this.table.high
      if (!this.table.used(this.#hand)) continue
      if (tenant >= 0 && this.table.read(this.#hand, TENANT) !== tenant) continue
      found++
      if (victim < 0 || this.table.read(this.#hand, NEWEST) < this.table.read(victim, NEWEST)) victim = this.#hand
    }
    if (victim < 0) return
    this.#remove(victim)
    this.evicted++
  }

  #remove(row: number): void {
    this.onRemove(row)
    const tenant = this.table.read(row, TENANT)
    this.#tenantRows[tenant] = (this.#tenantRows[tenant] ?? 1) - 1
    this.table.remove(row)
  }

  /** What a snapshot keeps beside the columns. */
  get meta(): { high: number; free: readonly number[]; tenants: readonly string[]; hand: number; evicted: number } {
    return {
      high: this.table.high,
      free: this.table.freeRows,
      tenants: this.tenants,
      hand: this.#hand,
      evicted: this.evicted,
    }
  }

  load(meta: KeyTable['meta'], bytesOf: (name: string) => Uint8Array | undefined): void {
    this.table.load(meta.high, meta.free, bytesOf)
    this.#hand = meta.hand
    this.evicted = meta.evicted
    this.tenants = []
    for (const tenant of meta.tenants) this.#numberOf(tenant)
    for (let row = 0; row < meta.high; row++) {
      if (!this.table.used(row)) continue
      const tenant = this.table.read(row, TENANT)
      this.#tenantRows[tenant] = (this.#tenantRows[tenant] ?? 0) + 1
    }
  }
}
