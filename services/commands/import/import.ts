/**
 * Files to normalised events, as replay, prove and eval need them: the same normalisers as behind the service's inputs, the
 * tenant `default`, and a fixed key, so that two runs on two machines compare. No finding holds a keyed hash: the key
 * changes none.
 */
import { counted } from '../../../schemas/counted.ts'
import { normaliseBody } from '../../collector/normalise.ts'
import { UsageError } from '../../lib/errors.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { createFormats, type Formats } from '../../collector/formats/formats.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'
import { expandPaths } from './files.ts'
import { createPacker } from './packed-events.ts'
import { importContext, type Reading, TOLD_MAX } from './reading/read.ts'
import { createReaders, type Readers } from './reading/readers.ts'
import { readRequests, type Request, type Unreadable } from './requests.ts'
import { createSpool, type Spool } from './spool.ts'

export { IMPORT_TENANT } from './reading/read.ts'

/** A file of which nothing became an event. */
export interface UnusableFile {
  readonly file: string
  readonly reason: string
}

export interface Imported {
  readonly spool: Spool
  readonly files: number
  readonly unusable: readonly UnusableFile[]
  readonly records: number
  readonly rejected: number
  /** The first few, as sentences with file and line. */
  readonly told: readonly string[]
}

/** Events of one request, as a sender of many would batch them. */
const GENERATED_BATCH = 2_000

/**
 * Takes generated canonical events through the same normaliser as those of a file. `onEvents` gets the count so far.
 * Throws if an event is refused: generated events must be valid.
 */
export function importMade(events: Iterable<object>, onEvents: (events: number) => void = () => {}): Spool {
  const context = importContext()
  const spool = createSpool()
  const packer = createPacker()
  let made = 0
  let batch: object[] = []
  const flush = (): void => {
    const result = normaliseBody('events', Buffer.from(JSON.stringify(batch)), 'json', context)
    const bad = result.ok ? result.rejected[0]?.detail : result.detail
    if (!result.ok || bad !== undefined) throw new Error(`a made event was refused: ${bad}`)
    packer.add(result.events)
    batch = []
    onEvents((made += result.events.length))
  }
  for (const event of events) {
    batch.push(event)
    if (batch.length === GENERATED_BATCH) flush()
  }
  if (batch.length > 0) flush()
  spool.add(packer.take())
  return spool
}

/** What is known of a file. */
interface FileReading {
  readonly file: string
  events: number
  /** Why the first request of which something was wrong had it. */
  problem?: string | undefined
  /** Why the file could not be read further. */
  brokenOff?: string
}

interface Entry {
  readonly of: FileReading
  readonly request: Request | Unreadable
}

/** What has been read of the files so far. */
interface Import {
  readonly readers: Readers
  readonly spool: Spool
  readonly told: string[]
  records: number
  rejected: number
  bytes: number
  /** Requests of the run that is being put together. */
  run: Entry[]
  runBytes: number
  /** Runs that are being read, in the order of the files. */
  readonly underWay: { readonly entries: readonly Entry[]; readonly reading: Promise<Reading> }[]
}

/** Requests are read in runs of about so many bytes: many are of a few records. */
const RUN_BYTES = 4 * 1024 * 1024

function take(state: Import, entries: readonly Entry[], { packed, outcomes }: Reading): void {
  state.spool.add(packed)
  for (const [at, { events, records, rejected, told }] of outcomes.entries()) {
    const { of } = entries[at] as Entry
    of.events += events
    of.problem ??= told[0]
    state.records += records
    state.rejected += rejected
    state.told.push(...told.map((one) => `${of.file}: ${one}`).slice(0, Math.max(0, TOLD_MAX - state.told.length)))
  }
}

/** Waits until at most so many runs are being read. */
async function settle(state: Import, most: number): Promise<void> {
  while (state.underWay.length > most) {
    const { entries, reading } = state.underWay.shift()!
    take(state, entries, await reading)
  }
}

async function flush(state: Import, isLast: boolean): Promise<void> {
  const { run: entries, readers } = state
  state.run = []
  state.runBytes = 0
  const reading = readers.read(
    entries.map(({ request }) => request),
    isLast,
  )
  // Its turn to be awaited comes later.
  reading.catch(() => {})
  state.underWay.push({ entries, reading })
  await settle(state, isLast ? 0 : readers.places)
}

async function add(state: Import, entry: Entry): Promise<void> {
  if (state.runBytes >= RUN_BYTES) await flush(state, false)
  state.run.push(entry)
  if ('body' in entry.request) state.runBytes += entry.request.body.length
}

/** Reads a file as far as it can be read. */
async function readFile(
  state: Import,
  of: FileReading,
  format: FormatChoice,
  formats: Formats,
  onBytes: (bytes: number) => void,
): Promise<void> {
  try {
    for await (const request of readRequests(of.file, format, onBytes, formats)) await add(state, { of, request })
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    of.brokenOff = error.message
  }
}

/** An empty file is a log in which nothing happened. A file without a usable record is reported. */
const unusableOf = ({ file, events, problem, brokenOff }: FileReading): UnusableFile[] => {
  const reason = problem ?? brokenOff
  return events > 0 || reason === undefined ? [] : [{ file, reason }]
}

/**
 * Reads all files in the given order. One without events is reported with its reason and does not affect the others.
 * Throws UsageError if none of them gave an event and something was wrong. `onProgress` gets the bytes and events read so
 * far.
 */
export async function importFiles(
  paths: readonly string[],
  format: FormatChoice,
  onProgress: (bytes: number, events: number) => void = () => {},
  mappings: readonly Mapping[] = [],
): Promise<Imported> {
  const files = (await expandPaths(paths)).map((file): FileReading => ({ file, events: 0 }))
  const formats = createFormats(mappings)
  const spool = createSpool()
  const readers = createReaders(mappings)
  const underWay: Import['underWay'] = []
  const state: Import = { readers, spool, told: [], records: 0, rejected: 0, bytes: 0, run: [], runBytes: 0, underWay }
  const onBytes = (more: number): void => onProgress((state.bytes += more), spool.count)
  try {
    for (const file of files) await readFile(state, file, format, formats, onBytes)
    await flush(state, true)
  } finally {
    await readers.close()
  }
  for (const { events, brokenOff } of files) {
    if (events > 0 && brokenOff !== undefined) state.told.push(`${brokenOff}; what stands before that was read`)
  }
  const unusable = files.flatMap(unusableOf)
  if (spool.count === 0 && unusable.length > 0) {
    const named = unusable.slice(0, TOLD_MAX).map(({ file, reason }) => `${file}: ${reason}`)
    throw new UsageError(`no record became an event. ${named.join('\n')}`)
  }
  const { records, rejected, told } = state
  return { spool, files: files.length, records, rejected, told, unusable }
}

/** Says what became of files and records that gave nothing. */
export function tellUnusable({ files, told, unusable }: Imported, tell: (line: string) => void): void {
  for (const line of told) tell(`rejected: ${line}`)
  if (unusable.length > 0) tell(`${unusable.length} of ${counted(files, 'file')} gave no event:`)
  for (const { file, reason } of unusable) tell(`  ${file}: ${reason}`)
}
