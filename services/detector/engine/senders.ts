/**
 * Who sends for whom. A row stores one number for its tenant and the first sender of its events. If there is a second
 * sender (a log shipper next to a gateway), the newest event time of each is kept outside the table, because their delays
 * differ: late means behind the same sender's own events.
 */
import { LIMITS } from '../../../schemas/limits.ts'

/** A row has 16 bits for it. Pairs beyond share one number for each tenant, as far as there are any. */
const NUMBERS_MAX = 65_535
/** Of one key, so that nobody grows the list with invented tokens; further ones count as the key itself. */
const SENDERS_PER_ROW_MAX = 8

export interface SendersMeta {
  readonly tenants: readonly string[]
  /** The sender for each of `tenants`; null in rows of a version without senders, whose snapshots lack the list. */
  readonly senders?: readonly (string | null)[]
  readonly clocks?: readonly (readonly [row: number, times: readonly (readonly [sender: string, newest: number])[]])[]
}

export class Senders {
  readonly #tenants: string[] = []
  readonly #senders: (string | null)[] = []
  readonly #numbers = new Map<string, Map<string | null, number>>()
  readonly #rows = new Map<string, number>()
  /** Newest event time by sender, of rows that have several. */
  readonly #clocks = new Map<number, Map<string, number>>()
  readonly #clocksOf = new Map<string, number>()

  /** The number of a tenant with a sender. */
  numberOf(tenant: string, sender: string | null): number {
    let mine = this.#numbers.get(tenant)
    if (mine === undefined) this.#numbers.set(tenant, (mine = new Map()))
    const known = mine.get(sender)
    if (known !== undefined) return known
    const [first] = mine.values()
    if (this.#tenants.length >= NUMBERS_MAX && first !== undefined) return first
    const number = this.#tenants.length
    this.#tenants.push(tenant)
    this.#senders.push(sender)
    mine.set(sender, number)
    return number
  }

  tenantOf(number: number): string {
    return this.#tenants[number] ?? ''
  }

  /** Sender of a number; null if it is not known. */
  senderOf(number: number): string | null {
    return this.#senders[number] ?? null
  }

  /** Rows of a tenant. */
  rowsOf(tenant: string): number {
    return this.#rows.get(tenant) ?? 0
  }

  /** Rows by tenant. */
  rows(): ReadonlyMap<string, number> {
    return this.#rows
  }

  count(tenant: string, by: 1 | -1): void {
    this.#rows.set(tenant, this.rowsOf(tenant) + by)
  }

  /**
   * The newest event time of a sender in a row; 0 if it has none. `newest` is the row's own: it stands for the first
   * sender if there is no other, and for senders that are not distinguished.
   */
  newestOf(row: number, tenant: string, first: string | null, sender: string, newest: number): number {
    const clocks = this.#clocks.get(row)
    if (clocks !== undefined) return clocks.get(sender) ?? (clocks.size < SENDERS_PER_ROW_MAX ? 0 : newest)
    const alone = first === sender || first === null || this.#isFull(tenant)
    return alone ? newest : 0
  }

  /** An event of a sender, in a row whose newest event time was `before`. */
  advance(row: number, tenant: string, first: string | null, sender: string, time: number, before: number): void {
    let clocks = this.#clocks.get(row)
    if (clocks === undefined) {
      if (first === sender || first === null || before === 0 || this.#isFull(tenant)) return
      clocks = new Map([[first, before]])
      this.#clocks.set(row, clocks)
      this.#clocksOf.set(tenant, (this.#clocksOf.get(tenant) ?? 0) + 1)
    }
    const held = clocks.get(sender)
    if (held === undefined ? clocks.size < SENDERS_PER_ROW_MAX : time > held) clocks.set(sender, time)
  }

  #isFull(tenant: string): boolean {
    return (this.#clocksOf.get(tenant) ?? 0) >= LIMITS.sender_clocks_per_tenant_max
  }

  /** A row is removed. */
  forget(row: number, tenant: string): void {
    this.count(tenant, -1)
    if (this.#clocks.delete(row)) this.#clocksOf.set(tenant, (this.#clocksOf.get(tenant) ?? 1) - 1)
  }

  /** What a snapshot keeps. */
  get meta(): Required<SendersMeta> {
    return {
      tenants: this.#tenants,
      senders: this.#senders,
      clocks: [...this.#clocks].map(([row, times]) => [row, [...times]]),
    }
  }

  /** Fills an empty list. The caller counts the rows; `clocks` belong to the tenants of their rows. */
  load(meta: SendersMeta, tenantOfRow: (row: number) => string): void {
    meta.tenants.forEach((tenant, n) => {
      const sender = meta.senders?.[n] ?? null
      this.#tenants.push(tenant)
      this.#senders.push(sender)
      const mine = this.#numbers.get(tenant) ?? new Map<string | null, number>()
      this.#numbers.set(tenant, mine.set(sender, n))
    })
    for (const [row, times] of meta.clocks ?? []) {
      const tenant = tenantOfRow(row)
      this.#clocks.set(row, new Map(times))
      this.#clocksOf.set(tenant, (this.#clocksOf.get(tenant) ?? 0) + 1)
    }
  }
}
