/**
 * One table per kind of key: the fields of all detectors are columns of one row. Columns are typed arrays in chunks of
 * rows, so that a table grows without copying and a row costs its bytes, its key and an index entry, and no object.
 *
 * Each array costs some hundred bytes beside its content, so chunks grow with the table: a full one has thousands of rows.
 * The columns of a chunk share one buffer, because pages of it that nothing was written to take no memory.
 */
import { type ColumnArray, COLUMN_BYTES, type ColumnSpec, type Cursor } from '../../../detectors/lib/columns.ts'

export interface NamedColumn extends ColumnSpec {
  /** How a snapshot names it. */
  readonly name: string
}

/** Rows of the first chunk, as a power of two; each further one holds as many as all before it. */
const FIRST_SHIFT = 3
/** Chunks grow until they are about this large. */
const CHUNK_BYTES_MAX = 4 * 1024 ** 2
/** Each column of a chunk begins at a multiple of it: no array type needs more. */
const ALIGNED = 8

/** The first column of every table: a key of two words, or of four. */
const KEY: Readonly<Record<2 | 4, NamedColumn>> = {
  2: { name: 'engine/key', type: 'u32', length: 2 },
  4: { name: 'engine/key-128', type: 'u32', length: 4 },
}

function viewOf({ type, length }: ColumnSpec, [buffer, at]: readonly [ArrayBuffer, number], rows: number): ColumnArray {
  const size = length * rows
  switch (type) {
    case 'u8':
      return new Uint8Array(buffer, at, size)
    case 'u16':
      return new Uint16Array(buffer, at, size)
    case 'u32':
      return new Uint32Array(buffer, at, size)
    case 'f32':
      return new Float32Array(buffer, at, size)
    case 'f64':
      return new Float64Array(buffer, at, size)
  }
}

const columnBytes = ({ type, length }: ColumnSpec, rows: number): number => COLUMN_BYTES[type] * length * rows
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNED) * ALIGNED

/** The zeroed columns of one chunk. */
function allocate(columns: readonly ColumnSpec[], rows: number): ColumnArray[] {
  const buffer = new ArrayBuffer(columns.reduce((sum, column) => sum + aligned(columnBytes(column, rows)), 0))
  let at = 0
  return columns.map((column) => {
    const view = viewOf(column, [buffer, at], rows)
    at += aligned(columnBytes(column, rows))
    return view
  })
}

/** A page of memory, whose bytes are compared before they are copied. */
const ZEROS = Buffer.alloc(4096)

/** Copies into zeroed bytes, and leaves pages of zeros alone: what was never written to takes no memory in the copy either. */
function copyWritten(source: Uint8Array, target: Uint8Array): void {
  for (let from = 0; from < source.length; from += ZEROS.length) {
    const page = source.subarray(from, from + ZEROS.length)
    const zeros = page.length === ZEROS.length ? ZEROS : ZEROS.subarray(0, page.length)
    if (!zeros.equals(page)) target.set(page, from)
  }
}

export class Table {
  /** Where the handles look. Moved by `point`. */
  readonly cursor: Cursor = { chunk: [], slot: 0 }
  readonly columns: readonly NamedColumn[]
  readonly rowBytes: number
  #chunks: ColumnArray[][] = []
  /** Rows of a chunk that grows no more, as a power of two. */
  readonly #fullShift: number
  readonly #words: 2 | 4
  #index: Uint32Array
  #high = 0
  #free: number[] = []

  constructor(columns: readonly NamedColumn[], words: 2 | 4 = 2) {
    this.#words = words
    this.columns = [KEY[words], ...columns]
    this.rowBytes = this.columns.reduce((sum, column) => sum + COLUMN_BYTES[column.type] * column.length, 0)
    let shift = FIRST_SHIFT
    while (2 ** (shift + 1) * this.rowBytes <= CHUNK_BYTES_MAX) shift++
    this.#fullShift = shift
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
    return this.#chunkStart(this.#chunks.length) * this.rowBytes + this.#index.byteLength
  }

  /** The chunk of a row. */
  #chunkOf(row: number): number {
    const full = this.#fullShift
    return row >>> full === 0 ? 32 - Math.clz32(row >>> FIRST_SHIFT) : full - FIRST_SHIFT + (row >>> full)
  }

  /** The first row of a chunk. */
  #chunkStart(chunk: number): number {
    const growing = this.#fullShift - FIRST_SHIFT
    if (chunk > growing) return (chunk - growing) * 2 ** this.#fullShift
    return chunk === 0 ? 0 : 2 ** (FIRST_SHIFT + chunk - 1)
  }

  /** Where a row is in its chunk. */
  #slotOf(row: number): number {
    const full = this.#fullShift
    if (row >>> full !== 0) return row & ((1 << full) - 1)
    return row >>> FIRST_SHIFT === 0 ? row : row ^ (1 << (31 - Math.clz32(row)))
  }

  #grow(): void {
    const chunk = this.#chunks.length
    this.#chunks.push(allocate(this.columns, this.#chunkStart(chunk + 1) - this.#chunkStart(chunk)))
  }

  /** The row of a key, or -1. The second word is never 0; a key of two words leaves the last two out. */
  find(hi: number, lo: number, third = 0, fourth = 0): number {
    const mask = this.#index.length - 1
    const words = this.#words
    for (let s = lo & mask; ; s = (s + 1) & mask) {
      const held = this.#index[s] as number
      if (held === 0) return -1
      const row = held - 1
      const keys = (this.#chunks[this.#chunkOf(row)] as ColumnArray[])[0] as Uint32Array
      const at = this.#slotOf(row) * words
      if (keys[at + 1] !== lo || keys[at] !== hi) continue
      if (words === 2 || (keys[at + 2] === third && keys[at + 3] === fourth)) return row
    }
  }

  /** Makes a zeroed row for a key that has none. */
  insert(hi: number, lo: number, third = 0, fourth = 0): number {
    const row = this.#free.pop() ?? this.#high++
    if (this.#chunkOf(row) >= this.#chunks.length) this.#grow()
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
    const keys = (this.#chunks[this.#chunkOf(row)] as ColumnArray[])[0] as Uint32Array
    const at = this.#slotOf(row) * this.#words
    keys[at] = hi
    keys[at + 1] = lo
    if (this.#words === 2) return
    keys[at + 2] = third
    keys[at + 3] = fourth
  }

  point(row: number): void {
    this.cursor.chunk = this.#chunks[this.#chunkOf(row)] as ColumnArray[]
    this.cursor.slot = this.#slotOf(row)
  }

  // Columns of one element a row, without moving the cursor. Each type has a reader and a writer of its own, because code
  // that meets all types of arrays is several times slower.

  u16(row: number, column: number): number {
    return (this.#column(row, column) as Uint16Array)[this.#slotOf(row)] as number
  }
  setU16(row: number, column: number, value: number): void {
    ;(this.#column(row, column) as Uint16Array)[this.#slotOf(row)] = value
  }
  u32(row: number, column: number): number {
    return (this.#column(row, column) as Uint32Array)[this.#slotOf(row)] as number
  }
  setU32(row: number, column: number, value: number): void {
    ;(this.#column(row, column) as Uint32Array)[this.#slotOf(row)] = value
  }
  f64(row: number, column: number): number {
    return (this.#column(row, column) as Float64Array)[this.#slotOf(row)] as number
  }
  setF64(row: number, column: number, value: number): void {
    ;(this.#column(row, column) as Float64Array)[this.#slotOf(row)] = value
  }

  #column(row: number, column: number): ColumnArray {
    return (this.#chunks[this.#chunkOf(row)] as ColumnArray[])[column] as ColumnArray
  }

  /** Whether the row number is in use. */
  used(row: number): boolean {
    return this.#low(row) !== 0
  }

  /** Whether the last two of four words of the row's key are 0. */
  keyEndsInZeros(row: number): boolean {
    const keys = (this.#chunks[this.#chunkOf(row)] as ColumnArray[])[0] as Uint32Array
    const at = this.#slotOf(row) * this.#words
    return this.#words === 4 && keys[at + 2] === 0 && keys[at + 3] === 0
  }

  /** Zeroes the row and takes it out of the index. */
  remove(row: number): void {
    const chunk = this.#chunks[this.#chunkOf(row)] as ColumnArray[]
    const slot = this.#slotOf(row)
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
    const keys = (this.#chunks[this.#chunkOf(row)] as ColumnArray[])[0] as Uint32Array
    return keys[this.#slotOf(row) * this.#words + 1] as number
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

  /** The bytes of a column, chunk by chunk, of `high` rows; they are those of the table, not a copy. */
  *#bytesOf(column: number, high: number): Generator<Uint8Array> {
    for (let c = 0; c < this.#chunks.length; c++) {
      const { buffer, byteOffset } = (this.#chunks[c] as ColumnArray[])[column] as ColumnArray
      const rows = Math.min(this.#chunkStart(c + 1), high) - this.#chunkStart(c)
      if (rows > 0) yield new Uint8Array(buffer, byteOffset, columnBytes(this.columns[column] as NamedColumn, rows))
    }
  }

  /** The bytes of a column for all rows ever used: a copy. */
  dump(column: number): Uint8Array {
    const out = new Uint8Array(columnBytes(this.columns[column] as NamedColumn, this.#high))
    let at = 0
    for (const bytes of this.#bytesOf(column, this.#high)) {
      copyWritten(bytes, out.subarray(at))
      at += bytes.length
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
    while (this.#chunkStart(this.#chunks.length) < high) this.#grow()
    this.columns.forEach((column, i) => {
      const bytes = bytesOf(column.name)
      if (bytes === undefined || bytes.length !== columnBytes(column, high)) return
      let at = 0
      for (const held of this.#bytesOf(i, high)) {
        copyWritten(bytes.subarray(at, at + held.length), held)
        at += held.length
      }
    })
    let slots = 64
    while (this.size * 10 > slots * 7) slots *= 2
    this.#rebuild(slots)
  }
}
