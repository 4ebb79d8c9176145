/**
 * The record format of the topics `events` and `signals`, and the only file that knows its codec.
 *
 *   value = magic 'MW' (2 bytes), header length (u16 LE), header (JSON, UTF-8), payload
 *
 * A frame's payload is zstd level 1 over one JSON array per line, in the column order of the schema version: what
 * ClickHouse reads as JSONCompactEachRow. An empty frame is a tick. A control record has the same envelope; its payload
 * is the JSON of the control (schemas/control.ts). Each record is decompressed separately, because zstd silently stops
 * at the end of the first of two joined frames.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Control, controlValidator } from './control.ts'
import { LIMITS } from './limits.ts'

export interface FrameHeader {
  readonly kind: 'frame' | 'control'
  readonly codec: 'zstd' | 'none'
  /** Version of the columns. */
  readonly schema: number
  readonly count: number
  /** Milliseconds since 1970 at which the collector took the newest row. */
  readonly receipt_time: number
  /** On `signals`: the partition of `events` that the rows come from. The rows carry their offsets. */
  readonly source_partition?: number
  readonly epoch?: string
  /** On `signals`: the first rows have the offset of the last rows of the source's frame before; it was cut between them. */
  readonly continues?: true
}

export type Row = readonly unknown[]

export interface Frame {
  readonly header: FrameHeader
  readonly rows: readonly Row[]
}

export class FrameError extends Error {
  override readonly name = 'FrameError'
}

const MAGIC = 0x574d
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** A frame that inflates beyond this is not ours. */
const INFLATED_BYTES_MAX = 64 * 1024 * 1024
/** Rows are mostly eight times as large when they are unpacked. */
const UNPACKED_TIMES = 10
const CHUNK_BYTES = { min: 4 * 1024, max: 512 * 1024 } as const
/** Bytes of a piece of packed rows. */
const PACKED_BYTES = 16 * 1024

export interface FrameOptions {
  readonly schema: number
  readonly receiptTime: number
  readonly sourcePartition?: number
  readonly epoch?: string
  readonly continues?: boolean
  /** False: not compressed, where a frame is read again at once. Default: true. */
  readonly packed?: boolean
}

/** Throws FrameError for a header that `decodeHeader` would refuse: what nobody can read must not come into the log. */
function envelope(header: FrameHeader, payload: Buffer): Buffer {
  if (!isHeader(header)) throw new FrameError(`not a header of a frame: ${JSON.stringify(header)}`)
  const head = Buffer.from(JSON.stringify(header))
  const start = Buffer.alloc(4)
  start.writeUInt16LE(MAGIC, 0)
  start.writeUInt16LE(head.length, 2)
  return Buffer.concat([start, head, payload])
}

/**
 * Rows already serialised, one JSON array each: what a collector has after validation. Throws FrameError where a number of the
 * options is no whole one.
 */
export const encodeFrameLines = (lines: readonly string[], options: FrameOptions): Buffer =>
  encodePayload(payloadOf(lines), lines.length, options)

function encodePayload(payload: string, count: number, options: FrameOptions): Buffer {
  const header = headerOf(count, options, payload.length)
  return envelope(header, header.codec === 'none' ? Buffer.from(payload) : packed(payload))
}

/** A small payload gets no more memory than it needs: most frames of signals are small. */
const packed = (payload: string): Buffer =>
  zstdCompressSync(payload, { ...ZSTD, chunkSize: Math.min(Math.max(CHUNK_BYTES.min, payload.length), PACKED_BYTES) })

/** Compresses with these options of zstd in another thread. */
export type CompressAside = (payload: string, options: typeof ZSTD) => Promise<Buffer>

/**
 * The same, compressed in another thread where it takes long enough to keep others waiting: many frames that are due together
 * would otherwise hold an event loop for all their time.
 */
export async function encodeFrameLinesAside(
  lines: readonly string[],
  options: FrameOptions,
  compress: CompressAside,
): Promise<Buffer> {
  const payload = payloadOf(lines)
  if (payload.length < ASIDE_CHARS_MIN || options.packed === false) return encodePayload(payload, lines.length, options)
  return envelope(headerOf(lines.length, options, payload.length), await compress(payload, ZSTD))
}

/** Compressing less takes some ten microseconds, as another thread would. */
const ASIDE_CHARS_MIN = 16 * 1024

const payloadOf = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`)

/** Compressing and unpacking a few rows takes as long as all other work on them, and saves a few hundred bytes. */
const PACKED_CHARS_MIN = 1_024

const headerOf = (count: number, options: FrameOptions, payloadChars: number): FrameHeader => ({
  kind: 'frame',
  codec: payloadChars < PACKED_CHARS_MIN || options.packed === false ? 'none' : 'zstd',
  schema: options.schema,
  count,
  receipt_time: options.receiptTime,
  ...(options.sourcePartition === undefined ? {} : { source_partition: options.sourcePartition }),
  ...(options.epoch === undefined ? {} : { epoch: options.epoch }),
  ...(options.continues === true ? { continues: true } : {}),
})

export const encodeFrame = (rows: readonly Row[], options: FrameOptions): Buffer =>
  encodeFrameLines(
    rows.map((row) => JSON.stringify(row)),
    options,
  )

/** The header alone of a frame, for a reader that is handed the rows beside it. */
export const encodeFrameHeader = (count: number, options: FrameOptions): Buffer =>
  envelope(headerOf(count, options, 0), Buffer.alloc(0))

/** A tick: says that log time has come this far. */
export const encodeTick = (schema: number, receiptTime: number): Buffer => encodeFrameLines([], { schema, receiptTime })

/**
 * Cuts serialised rows into runs that each make one frame: at most `frame_events_max` rows and `frame_bytes_max` bytes
 * before compression. A larger row gets its own frame.
 */
export function cutIntoFrames(lines: readonly string[], eventsMax: number = LIMITS.frame_events_max): string[][] {
  const frames: string[][] = []
  let frame: string[] = []
  let bytes = 0
  for (const line of lines) {
    // In bytes, as the log counts: a line of Chinese has three times as many as it has characters.
    const size = Buffer.byteLength(line) + 1
    if (frame.length > 0 && (frame.length >= eventsMax || bytes + size > LIMITS.frame_bytes_max)) {
      frames.push(frame)
      frame = []
      bytes = 0
    }
    frame.push(line)
    bytes += size
  }
  if (frame.length > 0) frames.push(frame)
  return frames
}

export function encodeControl(control: Control, receiptTime: number): Buffer {
  const header: FrameHeader = { kind: 'control', codec: 'none', schema: 0, count: 0, receipt_time: receiptTime }
  return envelope(header, Buffer.from(JSON.stringify(control)))
}

/** Reads the header alone. Throws FrameError where the bytes are not a record of ours. */
export function decodeHeader(value: Buffer): FrameHeader {
  if (value.length < 4 || value.readUInt16LE(0) !== MAGIC) {
    throw new FrameError('not a frame: the record does not start with the magic bytes MW')
  }
  const end = 4 + value.readUInt16LE(2)
  if (end > value.length) throw new FrameError(`frame cut short: header says ${end} bytes, record has ${value.length}`)
  const header = parse(value.toString('utf8', 4, end), 'frame header')
  if (!isHeader(header)) throw new FrameError('frame header lacks a kind, a codec, a count or a receipt time')
  return header
}

/** JSON that somebody may have damaged. */
function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new FrameError(`${what} is not JSON`, { cause })
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

/** Whether it says what every reader relies on. The rest is looked at by those who use it. */
function isHeader(value: unknown): value is FrameHeader {
  if (typeof value !== 'object' || value === null) return false
  const { kind, codec, count, schema, receipt_time: receipt } = value as Partial<FrameHeader>
  const isKnown = (kind === 'frame' || kind === 'control') && (codec === 'zstd' || codec === 'none')
  return isKnown && isCount(count) && isCount(schema) && isCount(receipt)
}

/** The payload as JSONCompactEachRow bytes, one row a line: forwarded to ClickHouse without parsing. */
export function framePayload(value: Buffer, header: FrameHeader = decodeHeader(value)): Buffer {
  const payload = value.subarray(4 + value.readUInt16LE(2))
  if (header.codec === 'none') return payload
  try {
    // Into one piece, as a rule: putting pieces together takes as long as unpacking them.
    const chunkSize = Math.min(Math.max(CHUNK_BYTES.min, payload.length * UNPACKED_TIMES), CHUNK_BYTES.max)
    return zstdDecompressSync(payload, { maxOutputLength: INFLATED_BYTES_MAX, chunkSize })
  } catch (cause) {
    throw new FrameError('frame payload does not decompress', { cause })
  }
}

const LINE_END = 0x0a

/**
 * Where lists are put together: memory for each frame's would be a quarter of a megabyte that only a full collection gives back.
 * Enough for any frame of ours; others get their own.
 */
const LIST_BYTES = LIMITS.frame_bytes_max + 2
let lists: Buffer | undefined

const listBuffer = (bytes: number): Buffer =>
  bytes > LIST_BYTES ? Buffer.allocUnsafe(bytes) : (lists ??= Buffer.allocUnsafe(LIST_BYTES))

/** Lines of JSON as one list: line ends inside JSON strings are escaped, so one parse takes the whole frame. */
function listOf(lines: Buffer): string {
  const list = listBuffer(lines.length + 2)
  lines.copy(list, 1)
  const end = lines.at(-1) === LINE_END ? lines.length - 1 : lines.length
  for (let at = lines.indexOf(LINE_END); at >= 0 && at < end; at = lines.indexOf(LINE_END, at + 1)) list[at + 1] = 0x2c
  list[0] = 0x5b
  list[end + 1] = 0x5d
  return list.toString('utf8', 0, end + 2)
}

export function decodeFrame(value: Buffer, header: FrameHeader = decodeHeader(value)): Frame {
  if (header.count === 0) return { header, rows: [] }
  const rows = parse(listOf(framePayload(value, header)), 'the list of frame rows') as Row[]
  if (rows.length !== header.count) throw new FrameError(`frame says ${header.count} rows and holds ${rows.length}`)
  return { header, rows }
}

export function decodeControl(value: Buffer): Control {
  const header = decodeHeader(value)
  if (header.kind !== 'control') throw new FrameError('not a control record')
  const control = parse(framePayload(value, header).toString('utf8'), 'control record')
  if (!controlValidator.check(control)) {
    const [problem] = controlValidator.problems(control)
    throw new FrameError(`not a control that this version knows: ${problem?.path} ${problem?.message}`)
  }
  return control
}
