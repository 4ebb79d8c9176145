/**
 * One table per kind of key: the fields of all detectors are columns of one row. Columns are typed arrays in chunks of
 * rows, so that a table grows without copying and a row costs its bytes, its key and an index entry, and no object.
 */
import { type ColumnArray, COLUMN_BYTES, type ColumnSpec, type Cursor } from '../../../detectors/lib/columns.ts'

export interface NamedColumn extends ColumnSpec {
  /** How a snapshot names it. */
  readonly name: string
}

/** Chunks are about this large, and hold at least 8 rows. */
const CHUNK_BYTES = 256 * 1024

/** The first column of every table: a key of two words, or of four. */
const KEY: Readonly<Record<2 | 4, NamedColumn>> = {
  2: { name: 'engine/key', type: 'u32', length: 2 },
  4: { name: 'engine/key-128', type: 'u32', length: 4 },
}

const allocate = (column: ColumnSpec, rows: number): ColumnArray => {
  const size = column.length * rows
  switch (column.type) {
    case 'u8':
      return new Uint8Array(size)
    case 'u16':
      return new Uint16Array(size)
    case 'u32':
      return new Uint32Array(size)
    case 'f32':
      return new Float32Array(size)
    case 'f64':
      return new Float64Array(size)
  }
}

export class Table {
  /** Where the handles look. Moved by `point`. */
  readonly cursor: Cursor = { chunk: [], slot: 0 }
  readonly columns: readonly NamedColumn[]
  readonly rowBytes: number
  #chunks: ColumnArray[][] = []
  readonly #chunkRows: number
  /** The bits of a row number that say where in its chunk it is. */
  readonly #inChunk: number
  readonly #shift: number
  readonly #words: 2 | 4
  #index: Uint32Array
  #high = 0
  #free: number[] = []

  constructor(columns: readonly NamedColumn[], words: 2 | 4 = 2) {
    this.#words = words
    this.columns = [KEY[words], ...columns]
    this.rowBytes = this.columns.reduce((sum, column) => sum + COLUMN_BYTES[column.type] * column.length, 0)
    let rows = 8
    while (rows * 2 * this.rowBytes <= CHUNK_BYTES) rows *= 2
    this.#chunkRows = rows
    this.#inChunk = rows - 1
    this.#shift = 31 - Math.clz32(rows)
    this.#index = new Uint32Array(64)
  }

  /** Rows in use. */
  get size(): number {
    return this.#high - this.#free.length
  }

  /** Rows ever used: the bound of row numbers. */
  get high(): number {
    return this.#high
  }

  /** Bytes of the chunks and the index. */
  get bytes(): number {
    return this.#chunks.length * this.#chunkRows * this.rowBytes + this.#index.byteLength
  }

  /** The row of a key, or -1. The second word is never 0; a key of two words leaves the last two out. */
  find(hi: number, lo: number, third = 0, fourth = 0): number {
    const mask = this.#index.length - 1
    const words = this.#words
    for (let s = lo & mask; ; s = (s + 1) & mask) {
      const held = this.#index[s] as number
      if (held === 0) return -1
      const row = held - 1
      const keys = (this.#chunks[row >>> this.#shift] as ColumnArray[])[0] as Uint32Array
      const at = (row & this.#inChunk) * words
      if (keys[at + 1] !== lo || keys[at] !== hi) continue
      if (words === 2 || (keys[at + 2] === third && keys[at + 3] === fourth)) return row
    }
  }

  /** Makes a zeroed row for a key that has none. */
  insert(hi: number, lo: number, third = 0, fourth = 0): number {
    const row = this.#free.pop() ?? this.#high++
    if (row >>> this.#shift >= this.#chunks.length) {
      this.#chunks.push(this.columns.map((column) => allocate(column, this.#chunkRows)))
    }
    this.#writeKey(row, hi, lo, third, fourth)
    if (this.size * 10 > this.#index.length * 7) this.#rebuild(this.#index.length * 2)
    else this.#place(row, lo)
    return row
  }

  /** Gives a row another key, which no row has. */
  rekey(row: number, hi: number, lo: number, third: number, fourth: number): void {
    this.#unplace(row, this.#low(row))
    this.#writeKey(row, hi, lo, third, fourth)
    this.#place(row, lo)
  }

  #writeKey(row: number, hi: number, lo: number, third: number, fourth: number): void {
    const keys = (this.#chunks[row >>> this.#shift] as ColumnArray[])[0] as Uint32Array
    const at = (row & this.#inChunk) * this.#words
    keys[at] = hi
    keys[at + 1] = lo
    if (this.#words === 2) return
    keys[at + 2] = third
    keys[at + 3] = fourth
  }

  point(row: number): void {
    this.cursor.chunk = this.#chunks[row >>> this.#shift] as ColumnArray[]
    this.cursor.slot = row & this.#inChunk
  }

  // Columns of one element a row, without moving the cursor. Each type has a reader and a writer of its own, because code
  // that meets all types of arrays is several times slower.

  u16(row: number, column: number): number {
    return (this.#column(row, column) as Uint16Array)[row & this.#inChunk] as number
  }
  setU16(row: number, column: number, value: number): void {
    ;(this.#column(row, column) as Uint16Array)[row & this.#inChunk] = value
  }
  u32(row: number, column: number): number {
    return (this.#column(row, column) as Uint32Array)[row & this.#inChunk] as number
  }
  setU32(row: number, column: number, value: number): void {
    ;(this.#column(row, column) as Uint32Array)[row & this.#inChunk] = value
  }
  f64(row: number, column: number): number {
    return (this.#column(row, column) as Float64Array)[row & this.#inChunk] as number
  }
  setF64(row: number, column: number, value: number): void {
    ;(this.#column(row, column) as Float64Array)[row & this.#inChunk] = value
  }

  #column(row: number, column: number): ColumnArray {
    return (this.#chunks[row >>> this.#shift] as ColumnArray[])[column] as ColumnArray
  }

  /** Whether the row number is in use. */
  used(row: number): boolean {
    return this.#low(row) !== 0
  }

  /** Whether the last two of four words of the row's key are 0. */
  keyEndsInZeros(row: number): boolean {
    const keys = (this.#chunks[row >>> this.#shift] as ColumnArray[])[0] as Uint32Array
    const at = (row & this.#inChunk) * this.#words
    return this.#words === 4 && keys[at + 2] === 0 && keys[at + 3] === 0
  }

  /** Zeroes the row and takes it out of the index. */
  remove(row: number): void {
    const chunk = this.#chunks[row >>> this.#shift] as ColumnArray[]
    const slot = row & this.#inChunk
    this.#unplace(row, this.#low(row))
    // From the last one on: the records of a list are counted before their columns.
    for (let column = chunk.length - 1; column >= 0; column--) {
      const array = chunk[column] as ColumnArray
      const { length, records } = this.columns[column] as NamedColumn
      if (length === 1) {
        array[slot] = 0
        continue
      }
      const used =
        records === undefined
          ? length
          : ((chunk[column - records.countedBefore] as ColumnArray)[slot] as number) * records.width
      if (used > 0) array.fill(0, slot * length, slot * length + used)
    }
    this.#free.push(row)
  }

  #place(row: number, lo: number): void {
    const mask = this.#index.length - 1
    let s = lo & mask
    while (this.#index[s] !== 0) s = (s + 1) & mask
    this.#index[s] = row + 1
  }

  #low(row: number): number {
    const keys = (this.#chunks[row >>> this.#shift] as ColumnArray[])[0] as Uint32Array
    return keys[(row & this.#inChunk) * this.#words + 1] as number
  }

  #unplace(row: number, lo: number): void {
    const mask = this.#index.length - 1
    let hole = lo & mask
    while (this.#index[hole] !== row + 1) hole = (hole + 1) & mask
    for (let s = (hole + 1) & mask; this.#index[s] !== 0; s = (s + 1) & mask) {
      const home = this.#low((this.#index[s] as number) - 1) & mask
      if (((s - home) & mask) >= ((s - hole) & mask)) {
        this.#index[hole] = this.#index[s] as number
        hole = s
      }
    }
    this.#index[hole] = 0
  }

  #rebuild(slots: number): void {
    this.#index = new Uint32Array(slots)
    for (let row = 0; row < this.#high; row++) {
      const lo = this.#low(row)
      if (lo !== 0) this.#place(row, lo)
    }
  }

  /** The bytes of a column for all rows ever used: a copy. */
  dump(column: number): Uint8Array {
    const { type, length } = this.columns[column] as NamedColumn
    const stride = COLUMN_BYTES[type] * length
    const out = new Uint8Array(this.#high * stride)
    for (let c = 0, row = 0; row < this.#high; c++, row += this.#chunkRows) {
      const array = (this.#chunks[c] as ColumnArray[])[column] as ColumnArray
      const rows = Math.min(this.#chunkRows, this.#high - row)
      out.set(new Uint8Array(array.buffer, array.byteOffset, rows * stride), row * stride)
    }
    return out
  }

  get freeRows(): readonly number[] {
    return this.#free
  }

  /** Fills an empty table from dumped columns; a column that `bytesOf` does not have stays zero. */
  load(high: number, free: readonly number[], bytesOf: (name: string) => Uint8Array | undefined): void {
    this.#high = high
    this.#free = [...free]
    while (this.#chunks.length * this.#chunkRows < high) {
      this.#chunks.push(this.columns.map((column) => allocate(column, this.#chunkRows)))
    }
    this.columns.forEach((column, i) => {
      const bytes = bytesOf(column.name)
      const stride = COLUMN_BYTES[column.type] * column.length
      if (bytes === undefined || bytes.length !== high * stride) return
      for (let c = 0, row = 0; row < high; c++, row += this.#chunkRows) {
        const array = (this.#chunks[c] as ColumnArray[])[i] as ColumnArray
        const rows = Math.min(this.#chunkRows, high - row)
        new Uint8Array(array.buffer, array.byteOffset).set(bytes.subarray(row * stride, (row + rows) * stride))
      }
    })
    let slots = 64
    while (this.size * 10 > slots * 7) slots *= 2
    this.#rebuild(slots)
  }
}
