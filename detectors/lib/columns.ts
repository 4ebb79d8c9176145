/**
 * State is declared, not allocated. A field says which typed columns it needs. A table keeps the columns of all
 * detectors side by side, in chunks of rows. A handle reads and writes the columns of the cursor's current row. So a
 * detector is ordinary property code, and an identity at rest costs its bytes and no objects.
 */

export type ColumnType = 'u8' | 'u16' | 'u32' | 'f32' | 'f64'
export type ColumnArray = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array

export interface ColumnSpec {
  readonly type: ColumnType
  /** Elements per row. */
  readonly length: number
  /**
   * Of a list: how many columns before this one its records are counted, and how many elements each has. Elements beyond the
   * records are zero, so that clearing a row costs as much as it holds.
   */
  readonly records?: { readonly countedBefore: number; readonly width: number }
}

export const COLUMN_BYTES: Readonly<Record<ColumnType, number>> = { u8: 1, u16: 2, u32: 4, f32: 4, f64: 8 }

/** Where the handles look: a chunk's columns, and the row within the chunk. The owner of the table moves it. */
export interface Cursor {
  chunk: readonly ColumnArray[]
  slot: number
}

/**
 * A kind of state. All columns start at zero, and zero must mean "nothing seen yet".
 * `bind` is called once per table; `first` is the index of the field's first column within a chunk.
 */
export interface Field<Handle = unknown> {
  readonly columns: Readonly<Record<string, ColumnSpec>>
  /** Set by `learned`. */
  readonly isLearned?: true
  bind(cursor: Cursor, first: number): Handle
}

/**
 * Marks a detector's field as vouching for the identity: what was learned about it, not what counts against it. The
 * engine reverts what a step writes there if the event is only judged: its time is not believed, or a live suspicion
 * exists against it.
 */
export const learned = <Handle>(field: Field<Handle>): Field<Handle> => ({ ...field, isLearned: true })

export type Fields = Readonly<Record<string, Field>>
export type HandleOf<F> = F extends Field<infer Handle> ? Handle : never
/** What a detector's step gets: the handle of each declared field, by the field's name. */
export type Handles<F extends Fields> = { readonly [K in keyof F]: HandleOf<F[K]> }

/** State of a fixed event-time window: it lives while the window is open. */
export interface WindowSpec<W extends Fields> {
  readonly lengthMs: number
  readonly state: W
}

/** The bytes of the cursor's row in a column of u8, `length` of them a row; writing into them writes the row. */
export function rowBytes({ chunk, slot }: Cursor, column: number, length: number): Buffer {
  const bytes = chunk[column] as Uint8Array
  return Buffer.from(bytes.buffer, bytes.byteOffset + slot * length, length)
}

/** Bytes of one row of these fields. */
export function bytesOf(fields: Fields): number {
  let bytes = 0
  for (const field of Object.values(fields)) {
    for (const column of Object.values(field.columns)) bytes += COLUMN_BYTES[column.type] * column.length
  }
  return bytes
}
