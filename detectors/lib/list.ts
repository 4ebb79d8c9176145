/** A bounded list of records with typed columns: for what a session must remember in order, within its bytes. */
import type { ColumnSpec, ColumnType, Cursor, Field } from './columns.ts'

/** A column of a list: a type, and how many elements each record holds (1 unless told). */
export type ListColumns = Readonly<Record<string, ColumnType | { readonly type: ColumnType; readonly length: number }>>

export interface List<C extends ListColumns> {
  readonly length: number
  readonly cap: number
  /** Adds a zeroed record and answers its index, or -1 where the list is full. */
  push(): number
  get(column: keyof C & string, index: number, element?: number): number
  set(column: keyof C & string, index: number, value: number, element?: number): void
  /** The first record with this value in a column of one element, or -1. */
  indexOf(column: keyof C & string, value: number): number
  clear(): void
}

class ListHandle<C extends ListColumns> implements List<C> {
  readonly cap: number
  readonly #c: Cursor
  readonly #i: number
  readonly #widths: ReadonlyMap<string, { readonly at: number; readonly width: number }>
  constructor(c: Cursor, first: number, cap: number, widths: ReadonlyMap<string, { at: number; width: number }>) {
    this.#c = c
    this.#i = first
    this.cap = cap
    this.#widths = widths
  }
  get length(): number {
    return (this.#c.chunk[this.#i] as Uint16Array)[this.#c.slot] as number
  }
  push(): number {
    const lengths = this.#c.chunk[this.#i] as Uint16Array
    const index = lengths[this.#c.slot] as number
    if (index >= this.cap) return -1
    lengths[this.#c.slot] = index + 1
    return index
  }
  get(column: keyof C & string, index: number, element = 0): number {
    const { at, width } = this.#widths.get(column) as { at: number; width: number }
    const values = this.#c.chunk[this.#i + at] as Float64Array
    return values[(this.#c.slot * this.cap + index) * width + element] as number
  }
  set(column: keyof C & string, index: number, value: number, element = 0): void {
    const { at, width } = this.#widths.get(column) as { at: number; width: number }
    const values = this.#c.chunk[this.#i + at] as Float64Array
    values[(this.#c.slot * this.cap + index) * width + element] = value
  }
  indexOf(column: keyof C & string, value: number): number {
    const { at } = this.#widths.get(column) as { at: number; width: number }
    const values = this.#c.chunk[this.#i + at] as Float64Array
    const base = this.#c.slot * this.cap
    const end = base + this.length
    for (let k = base; k < end; k++) if (values[k] === value) return k - base
    return -1
  }
  clear(): void {
    const { length } = this
    if (length === 0) return
    for (const { at, width } of this.#widths.values()) {
      const start = this.#c.slot * this.cap * width
      ;(this.#c.chunk[this.#i + at] as Float64Array).fill(0, start, start + length * width)
    }
    ;(this.#c.chunk[this.#i] as Uint16Array)[this.#c.slot] = 0
  }
}

export function list<const C extends ListColumns>(options: {
  readonly cap: number
  readonly columns: C
}): Field<List<C>> {
  const columns: Record<string, ColumnSpec> = { length: { type: 'u16', length: 1 } }
  const widths = new Map<string, { at: number; width: number }>()
  for (const [column, spec] of Object.entries(options.columns)) {
    const { type, length } = typeof spec === 'string' ? { type: spec, length: 1 } : spec
    columns[`of_${column}`] = {
      type,
      length: options.cap * length,
      records: { countedBefore: widths.size + 1, width: length },
    }
    widths.set(column, { at: widths.size + 1, width: length })
  }
  return { columns, bind: (c, first) => new ListHandle<C>(c, first, options.cap, widths) }
}

/**
 * A place for a record that a full list keeps only if it is among the newest by this column: a free one, or that of the oldest. -1 if
 * all are newer. So what is kept does not depend on the order in which records come.
 */
export function placeAmongNewest<C extends ListColumns>(
  records: List<C>,
  column: keyof C & string,
  value: number,
): number {
  const free = records.push()
  if (free >= 0) return free
  let oldest = 0
  for (let k = 1; k < records.length; k++) if (records.get(column, k) < records.get(column, oldest)) oldest = k
  return value < records.get(column, oldest) ? -1 : oldest
}
