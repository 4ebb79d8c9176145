/**
 * Cuts a stream of bytes into JSON values without holding more than one of them: values one after another (NDJSON,
 * joined objects), the elements of a list, or the records of a CloudTrail file (`{"Records": [...]}`). It looks at
 * quotes and brackets only; whether a value is valid JSON is for the parser to say.
 */
import { UsageError } from '../../lib/errors.ts'

/** alone: a standalone value; list: an element of a list; records: an element of `Records`. */
export type Holder = 'alone' | 'list' | 'records'

export interface Value {
  readonly bytes: Buffer
  /** Line at which it starts, from 1. */
  readonly line: number
  readonly holder: Holder
  /** Why this is not a JSON value. */
  readonly problem?: string
}

export interface Splitter {
  /** The values that end in this chunk. Throws UsageError if it cannot find the next value after a fault. */
  push(chunk: Buffer): Value[]
  /** Throws UsageError where the input ended inside a value. */
  end(): void
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NEWLINE = 0x0a
const RECORDS_HEAD = /^\{\s*"Records"\s*:\s*\[$/
/** No longer than this may the head of a CloudTrail file be. */
const HEAD_BYTES_MAX = 256
const HOLDER_DEPTH: Record<Holder, number> = { alone: 0, list: 1, records: 2 }

const isOpen = (byte: number): boolean => byte === 0x7b || byte === 0x5b
const isClose = (byte: number): boolean => byte === 0x7d || byte === 0x5d
/** Blanks, separators, and the byte order mark that some tools put first. */
const isBetween = (byte: number): boolean =>
  byte <= 0x20 || byte === 0x2c || byte === 0xef || byte === 0xbb || byte === 0xbf

/** The next byte from `at` on that can mean something inside a string, or that ends a line. */
function nextMark(chunk: Buffer, at: number): number {
  for (let i = at; i < chunk.length; i++) {
    const byte = chunk[i]
    if (byte === QUOTE || byte === BACKSLASH || byte === NEWLINE) return i
  }
  return chunk.length
}

class ByteSplitter implements Splitter {
  readonly #name: string
  readonly #valueBytesMax: number
  #holder: Holder = 'alone'
  #depth = 0
  #inString = false
  #escaped = false
  #line = 1
  /** Parts of the current value that earlier chunks held. */
  #parts: Buffer[] = []
  #partBytes = 0
  #startLine = 1
  /** Behind the closing bracket of `Records`: the rest of the file's object is not ours. */
  #afterRecords = false
  /** The rest of a line on which something else than a value stood. */
  #skipsLine = false
  /** Whether the last value had a line to itself: then a line that opens a value ends one that was cut. */
  #oneALine = false

  constructor(name: string, valueBytesMax: number) {
    this.#name = name
    this.#valueBytesMax = valueBytesMax
  }

  push(chunk: Buffer): Value[] {
    const values: Value[] = []
    let start = this.#parts.length > 0 ? 0 : -1
    for (let i = 0; i < chunk.length; i++) {
      // Most bytes stand in strings and mean nothing; the first of a line may begin a value.
      if (this.#inString && !this.#escaped && chunk[i - 1] !== NEWLINE) i = nextMark(chunk, i)
      if (i === chunk.length) break
      const byte = chunk[i] as number
      if (byte === NEWLINE) {
        this.#line++
        this.#skipsLine = false
      }
      if (this.#skipsLine) continue
      if (this.#cutBefore(byte, chunk[i - 1])) {
        values.push(this.#cut())
        start = -1
      }
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE) this.#inString = false
        continue
      }
      const base = HOLDER_DEPTH[this.#holder]
      if (byte === QUOTE) {
        if (this.#depth <= base && !this.#afterRecords) values.push(this.#stray(byte))
        else this.#inString = true
      } else if (isOpen(byte)) {
        if (this.#opens(byte)) start = i
        if (this.#isRecordsHead(byte, chunk, start, i)) start = this.#enterRecords()
      } else if (isClose(byte)) {
        if (this.#depth === 0) {
          values.push(this.#stray(byte))
          continue
        }
        this.#depth--
        if (start >= 0 && this.#depth === base) {
          values.push(this.#take(chunk, start, i + 1))
          start = -1
        } else this.#closes()
      } else if (start < 0 && !this.#afterRecords && !isBetween(byte)) values.push(this.#stray(byte))
    }
    if (start >= 0) this.#keep(chunk.subarray(start))
    return values
  }

  end(): void {
    if (this.#depth === 0 && !this.#inString) return
    throw new UsageError(
      `${this.#name}: the file ends inside the value that starts at line ${this.#startLine}: it was cut off`,
    )
  }

  /** Counts an opening bracket; answers whether a value starts with it. */
  #opens(byte: number): boolean {
    const at = this.#depth++
    if (this.#afterRecords) return false
    if (at === 0 && this.#holder === 'alone' && byte === 0x5b) {
      this.#holder = 'list'
      return false
    }
    if (at !== HOLDER_DEPTH[this.#holder]) return false
    this.#startLine = this.#line
    return true
  }

  #isRecordsHead(byte: number, chunk: Buffer, start: number, at: number): boolean {
    if (byte !== 0x5b || this.#depth !== 2 || this.#holder !== 'alone' || start < 0) return false
    if (this.#partBytes + at - start >= HEAD_BYTES_MAX) return false
    const head = Buffer.concat([...this.#parts, chunk.subarray(start, at + 1)])
    return RECORDS_HEAD.test(head.toString('utf8'))
  }

  #enterRecords(): number {
    this.#holder = 'records'
    this.#parts = []
    this.#partBytes = 0
    return -1
  }

  /** A holder ends: what follows it may be another value. */
  #closes(): void {
    if (this.#holder === 'records' && this.#depth === 1) this.#afterRecords = true
    if (this.#depth > 0) return
    this.#holder = 'alone'
    this.#afterRecords = false
  }

  #take(chunk: Buffer, start: number, end: number): Value {
    const last = chunk.subarray(start, end)
    const bytes = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last])
    this.#parts = []
    this.#partBytes = 0
    this.#oneALine = this.#holder === 'alone' && this.#startLine === this.#line
    return { bytes, line: this.#startLine, holder: this.#holder }
  }

  /** Whether a value that is still open ends here, because the file has one a line and the next one begins. */
  #cutBefore(byte: number, before: number | undefined): boolean {
    return this.#oneALine && this.#depth > 0 && this.#holder === 'alone' && byte === 0x7b && before === NEWLINE
  }

  #cut(): Value {
    const line = this.#startLine
    this.#parts = []
    this.#partBytes = 0
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
    return {
      bytes: Buffer.alloc(0),
      line,
      holder: 'alone',
      problem: `line ${line} ends inside a value: it was cut off`,
    }
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#partBytes += part.length
    if (this.#partBytes > this.#valueBytesMax) {
      throw new UsageError(
        `${this.#name}: the value at line ${this.#startLine} is larger than ${this.#valueBytesMax} bytes; no request may be`,
      )
    }
  }

  /** Between values one line is left out; inside a list there is no telling where the next value starts. */
  #stray(byte: number): Value {
    const found = byte >= 0x20 && byte < 0x7f ? `the character ${String.fromCharCode(byte)}` : `the byte ${byte}`
    const problem = `line ${this.#line} is not JSON: found ${found} where an object should start`
    if (this.#depth > 0) throw new UsageError(`${this.#name}: ${problem}`)
    this.#skipsLine = true
    return { bytes: Buffer.alloc(0), line: this.#line, holder: 'alone', problem }
  }
}

/** `name` is the file's, for messages. */
export const createSplitter = (name: string, valueBytesMax: number): Splitter => new ByteSplitter(name, valueBytesMax)
