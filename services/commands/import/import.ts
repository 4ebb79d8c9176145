/** Files to normalised events, as replay, prove and eval need them. */
import { counted } from '../../../schemas/counted.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { createFormats } from '../../collector/formats/formats.ts'
import { normaliseBody } from '../../collector/normalise.ts'
import { UsageError } from '../../lib/errors.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'
import { importContext } from './context.ts'
import { expandPaths } from './files.ts'
import { type FileRead, partsOfAll } from './parts.ts'
import { readUnits, TOLD_MAX } from './reading/index.ts'
import { packEvents } from './packed.ts'
import { createSpool, type Spool } from './spool.ts'

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
  let batch: object[] = []
  const flush = (): void => {
    const result = normaliseBody('events', Buffer.from(JSON.stringify(batch)), 'json', context)
    const bad = result.ok ? result.rejected[0]?.detail : result.detail
    if (!result.ok || bad !== undefined) throw new Error(`a made event was refused: ${bad}`)
    spool.add(packEvents(result.events))
    batch = []
    onEvents(spool.count)
  }
  for (const event of events) {
    batch.push(event)
    if (batch.length === GENERATED_BATCH) flush()
  }
  if (batch.length > 0) flush()
  return spool
}

/** An empty file is a log in which nothing happened. A file without a usable record is reported. */
const unusableOf = (files: readonly FileRead[]): UnusableFile[] =>
  files.flatMap(({ file, events, reason }) => (events > 0 || reason === undefined ? [] : [{ file, reason }]))

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
  const spool = createSpool()
  const files = (await expandPaths(paths)).map((file): FileRead => ({ file, events: 0, reason: undefined }))
  const told: string[] = []
  let [bytes, records, rejected] = [0, 0, 0]
  const onBytes = (more: number): void => {
    bytes += more
    onProgress(bytes, spool.count)
  }
  const parts = partsOfAll(files, { format, formats: createFormats(mappings), onBytes })
  for await (const [{ of, damage }, read] of readUnits(parts, mappings)) {
    spool.add(read)
    records += read.records
    rejected += read.rejected
    of.events += read.count
    told.push(...read.told.slice(0, Math.max(0, TOLD_MAX - told.length)))
    if (damage !== undefined && of.events > 0) told.push(`${damage}; what stands before that was read`)
    of.reason ??= read.reason ?? damage
    onProgress(bytes, spool.count)
  }
  const unusable = unusableOf(files)
  if (spool.count === 0 && unusable.length > 0) {
    const named = unusable.slice(0, TOLD_MAX).map(({ file, reason }) => `${file}: ${reason}`)
    throw new UsageError(`no record became an event. ${named.join('\n')}`)
  }
  return { spool, files: files.length, records, rejected, told, unusable }
}

/** Says what became of files and records that gave nothing, and that events were sorted. */
export function tellImported({ spool, files, told, unusable }: Imported, tell: (line: string) => void): void {
  if (spool.isSorted) tell('events came more than an hour behind later ones: all were sorted by their time')
  for (const line of told) tell(`rejected: ${line}`)
  if (unusable.length > 0) tell(`${unusable.length} of ${counted(files, 'file')} gave no event:`)
  for (const { file, reason } of unusable) tell(`  ${file}: ${reason}`)
}
