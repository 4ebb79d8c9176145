/**
 * What a detector has learned by itself, while it is not yet known whether the event may be learned: the columns of its
 * `learned` fields as they were before its step. They are restored if the event is only judged.
 */
import type { ColumnArray, Cursor } from '../../../detectors/lib/columns.ts'

/** A column of the table, and how many elements of it a row has. */
export interface ColumnSlice {
  readonly column: number
  readonly length: number
}

export class KeptBack {
  readonly #slices: readonly ColumnSlice[]
  readonly #values: Float64Array

  constructor(slices: readonly ColumnSlice[]) {
    this.#slices = slices
    this.#values = new Float64Array(slices.reduce((sum, { length }) => sum + length, 0))
  }

  get isEmpty(): boolean {
    return this.#values.length === 0
  }

  /** Keeps what the row under the cursor holds. */
  keep({ chunk, slot }: Cursor): void {
    let at = 0
    for (const { column, length } of this.#slices) {
      const array = chunk[column] as ColumnArray
      for (let k = slot * length; k < (slot + 1) * length; k++) this.#values[at++] = array[k] as number
    }
  }

  /** Puts it back. */
  restore({ chunk, slot }: Cursor): void {
    let at = 0
    for (const { column, length } of this.#slices) {
      const array = chunk[column] as ColumnArray
      for (let k = slot * length; k < (slot + 1) * length; k++) array[k] = this.#values[at++] as number
    }
  }
}
