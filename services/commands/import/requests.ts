/**
 * Reads a file as the requests that a sender would have posted: a line of an OTLP file is one request; the records of any
 * other file go together as far as one request may hold them. So an event gets the same id as through the service's inputs.
 * Files are read as streams, plain or gzip (told by their first bytes), and never held whole.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { BUILT_IN, type Formats } from '../../collector/formats/formats.ts'
import { UsageError } from '../../lib/errors.ts'
import { bytesOf } from './files.ts'
import { createSplitter, type Holder, type Value } from './splitter.ts'

export interface Request {
  /** Line of the file at which it starts, from 1. */
  readonly line: number
  readonly format: FormatChoice
  readonly body: Buffer
  /** The body holds one value a line. */
  readonly ndjson: boolean
}

/** A value of a file that is no JSON. */
export interface Unreadable {
  readonly line: number
  readonly problem: string
}

/** The format of a value; `auto` if it looks like none, so that its reader reports what was expected. */
function formatOfValue(value: Value, formats: Formats): FormatChoice {
  // A record that stood in `Records` is looked at as it would be alone.
  if (value.holder === 'records') return 'cloudtrail'
  try {
    return formats.recognise(JSON.parse(value.bytes.toString('utf8')))?.id ?? 'auto'
  } catch {
    return 'auto'
  }
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
    // Standalone values become lines, so that one that is not JSON does not spoil its neighbours.
    parts.push(holder === 'alone' ? oneLine(value.bytes) : value.bytes)
  })
  parts.push(Buffer.from(tail))
  return Buffer.concat(parts)
}

/** Line ends inside a JSON value are blanks. */
const oneLine = (bytes: Buffer): Buffer =>
  bytes.includes(0x0a) ? Buffer.from(bytes.toString('utf8').replace(/[\r\n]/g, ' ')) : bytes

/** A quarter of what a request may have, as senders of many records do: threads read the requests of a file side by side. */
const REQUEST_BYTES_MAX = LIMITS.body_bytes_max / 4

/** Collects values until a request is full. The first value that looks like a format says what the file holds. */
function createCollecting(choice: FormatChoice, formats: Formats) {
  let format = choice
  let held: Value[] = []
  let bytes = 0
  const isAlone = (): boolean => format !== 'auto' && formats.of(format).valueIsRequest === true
  const take = (): Request[] => {
    const first = held[0]
    if (first === undefined) return []
    const request = {
      line: first.line,
      format,
      body: join(first.holder, held),
      ndjson: first.holder === 'alone' && !isAlone(),
    }
    held = []
    bytes = 0
    return [request]
  }
  const isFull = (next: Value): boolean =>
    held.length > 0 &&
    (isAlone() ||
      held[0]?.holder !== next.holder ||
      held.length >= LIMITS.records_per_request_max ||
      bytes + next.bytes.length > REQUEST_BYTES_MAX)
  return {
    add(value: Value): Request[] {
      const found = format === 'auto' ? formatOfValue(value, formats) : format
      const full = isFull(value) || found !== format ? take() : []
      format = found
      held.push(value)
      bytes += value.bytes.length
      return full
    },
    rest: take,
  }
}

/**
 * The requests of a file, in order; lines that are not JSON keep their place. Throws UsageError if the file cannot be
 * read further, after yielding what came before. `onBytes` gets the size of every part read, in bytes as stored on disk.
 */
export async function* readRequests(
  path: string,
  choice: FormatChoice,
  onBytes: (bytes: number) => void = () => {},
  formats: Formats = BUILT_IN,
): AsyncGenerator<Request | Unreadable> {
  const splitter = createSplitter(path, LIMITS.body_inflated_bytes_max)
  const collecting = createCollecting(choice, formats)
  try {
    for await (const chunk of bytesOf(path, onBytes)) {
      for (const value of splitter.push(chunk)) {
        if (value.problem === undefined) yield* collecting.add(value)
        else yield { line: value.line, problem: value.problem }
      }
    }
    splitter.end()
  } catch (error) {
    yield* collecting.rest()
    throw error
  }
  yield* collecting.rest()
}

/** The JSON values of a file one by one, for files that are not logs: labels. Throws UsageError like `readRequests`. */
export async function* readValues(path: string): AsyncGenerator<{ readonly value: unknown; readonly line: number }> {
  const splitter = createSplitter(path, LIMITS.body_inflated_bytes_max)
  for await (const chunk of bytesOf(path, () => {})) {
    for (const { bytes, line, problem } of splitter.push(chunk)) {
      if (problem !== undefined) throw new UsageError(`${path}: ${problem}`)
      try {
        yield { value: JSON.parse(bytes.toString('utf8')), line }
      } catch (cause) {
        throw new UsageError(`${path}: line ${line} is not JSON`, { cause })
      }
    }
  }
  splitter.end()
}
