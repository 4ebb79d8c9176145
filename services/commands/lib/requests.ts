/**
 * Reads a file as the requests that a sender would have posted: a line of an OTLP file is one request; the records of any
 * other file go together as far as one request may hold them. So an event gets the same id as through the service's doors.
 * Files are read as streams, plain or gzip (told by their first bytes), and never held whole.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { LIMITS } from '../../../schemas/limits.ts'
import type { FormatChoice, FormatId } from '../../collector/formats/format.ts'
import { formatOf, recognise } from '../../collector/formats/registry.ts'
import { UsageError } from './errors.ts'
import { createSplitter, type Holder, type Value } from './splitter.ts'

export interface Request {
  /** Line of the file at which it starts, from 1. */
  readonly line: number
  readonly format: FormatId
  readonly body: Buffer
  /** The body holds one value a line. */
  readonly ndjson: boolean
}

const READ_BYTES = 256 * 1024

async function checkFile(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) throw new UsageError(`${path} is not a file`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : code}`, {
      cause: error,
    })
  }
}

/** The file's bytes, unpacked where it starts with the magic bytes of gzip. */
async function* bytesOf(path: string, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  await checkFile(path)
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
  const packed = file[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await packed.next()
  if (first.done === true) return
  async function* whole(): AsyncGenerator<Buffer> {
    for (let next = first; next.done !== true; next = await packed.next()) {
      onBytes(next.value.length)
      yield next.value
    }
  }
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* whole()
    return
  }
  // The callback is there because a stream without one throws; the loop over the unpacked bytes gets the error.
  const unpacked = pipeline(Readable.from(whole()), createGunzip({ chunkSize: READ_BYTES }), () => {})
  try {
    yield* unpacked as AsyncIterable<Buffer>
  } catch (error) {
    throw new UsageError(`${path} is a damaged gzip file: ${(error as Error).message}`, { cause: error })
  }
}

/** The format of the first value of a file. */
function formatOfFile(path: string, choice: FormatChoice, value: Value): FormatId {
  if (choice !== 'auto') return choice
  let parsed: unknown
  try {
    parsed = JSON.parse(value.bytes.toString('utf8'))
  } catch {
    throw new UsageError(`${path}: line ${value.line} is not JSON`)
  }
  // A record that stood in `Records` is looked at as it would be alone.
  const found = value.holder === 'records' ? 'cloudtrail' : recognise(parsed)?.id
  if (found !== undefined) return found
  throw new UsageError(
    `${path}: line ${value.line} is no OTLP logs request, no CloudTrail record and no canonical event; say --format if it is one of them, and see docs/formats.md`,
  )
}

const WRAPPED: Record<Holder, readonly [string, string, string]> = {
  alone: ['', '\n', '\n'],
  list: ['[', ',', ']'],
  records: ['{"Records":[', ',', ']}'],
}

function join(holder: Holder, values: readonly Value[]): Buffer {
  const [head, between, tail] = WRAPPED[holder]
  const parts: Buffer[] = [Buffer.from(head)]
  values.forEach((value, i) => {
    if (i > 0) parts.push(Buffer.from(between))
    // Values that stand alone become lines, so that one that is no JSON does not spoil its neighbours.
    parts.push(holder === 'alone' ? oneLine(value.bytes) : value.bytes)
  })
  parts.push(Buffer.from(tail))
  return Buffer.concat(parts)
}

/** Line ends inside a JSON value are blanks. */
const oneLine = (bytes: Buffer): Buffer =>
  bytes.includes(0x0a) ? Buffer.from(bytes.toString('utf8').replace(/[\r\n]/g, ' ')) : bytes

/** Collects values until a request is full. */
function createCollecting(path: string, choice: FormatChoice) {
  let format: FormatId | undefined
  let held: Value[] = []
  let bytes = 0
  const take = (): Request[] => {
    const first = held[0]
    if (first === undefined || format === undefined) return []
    const request = {
      line: first.line,
      format,
      body: join(first.holder, held),
      ndjson: first.holder === 'alone' && formatOf(format).valueIsRequest !== true,
    }
    held = []
    bytes = 0
    return [request]
  }
  const isFull = (next: Value): boolean =>
    held.length > 0 &&
    format !== undefined &&
    (formatOf(format).valueIsRequest === true ||
      held[0]?.holder !== next.holder ||
      held.length >= LIMITS.records_per_request_max ||
      bytes + next.bytes.length > LIMITS.body_bytes_max)
  return {
    add(value: Value): Request[] {
      format ??= formatOfFile(path, choice, value)
      const full = isFull(value) ? take() : []
      held.push(value)
      bytes += value.bytes.length
      return full
    },
    rest: take,
  }
}

/**
 * The requests of a file, in its order. Throws UsageError for a file that cannot be read, is damaged, or is of no known
 * format. `onBytes` hears of every part read, in bytes as they lie on disk.
 */
export async function* readRequests(
  path: string,
  choice: FormatChoice,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Request> {
  const splitter = createSplitter(path, LIMITS.body_inflated_bytes_max)
  const collecting = createCollecting(path, choice)
  for await (const chunk of bytesOf(path, onBytes)) {
    for (const value of splitter.push(chunk)) yield* collecting.add(value)
  }
  splitter.end()
  yield* collecting.rest()
}

/** The JSON values of a file one by one, for what is not a log: labels. Throws UsageError like `readRequests`. */
export async function* readValues(path: string): AsyncGenerator<{ readonly value: unknown; readonly line: number }> {
  const splitter = createSplitter(path, LIMITS.body_inflated_bytes_max)
  for await (const chunk of bytesOf(path, () => {})) {
    for (const { bytes, line } of splitter.push(chunk)) {
      try {
        yield { value: JSON.parse(bytes.toString('utf8')), line }
      } catch (cause) {
        throw new UsageError(`${path}: line ${line} is not JSON`, { cause })
      }
    }
  }
  splitter.end()
}
