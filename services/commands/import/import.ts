/**
 * Files to normalised events, as replay, prove and eval need them: the same normalisers as behind the service's inputs, the
 * tenant `default`, and a fixed key, so that two runs on two machines compare. No finding holds a keyed hash: the key
 * changes none.
 */
import { counted } from '../../../schemas/counted.ts'
import { memo } from '../../collector/memo.ts'
import { createExtractor } from '../../collector/indicators/index.ts'
import { type NormaliseContext, normaliseBody, type Rejected } from '../../collector/normalise.ts'
import { tenantKeys } from '../../lib/secrets.ts'
import { createHmac, hash } from 'node:crypto'
import { UsageError } from '../../lib/errors.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { createFormats } from '../../collector/formats/formats.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'
import { expandPaths } from './files.ts'
import { readRequests, type Request, type Unreadable } from './requests.ts'
import { createSpool, PROVISIONAL_RECEIPT_MS, type Spool } from './spool.ts'

export const IMPORT_TENANT = 'default'
/** Not a secret: it keys hashes that leave no command. */
const IMPORT_MASTER_KEY = Buffer.from('moltwatch replay, a key that is public')
/** Rejected records that are reported in full. */
const TOLD_MAX = 5

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

function importContext(): NormaliseContext {
  const keys = tenantKeys(IMPORT_MASTER_KEY)
  const credentialKey = keys.forCredentials(IMPORT_TENANT)
  const keyed = memo((digest) => createHmac('sha256', credentialKey).update(Buffer.from(digest, 'hex')).digest('hex'))
  return {
    tenant: IMPORT_TENANT,
    sender: '',
    receiptTime: PROVISIONAL_RECEIPT_MS,
    history: false,
    assurance: 'claimed',
    extractor: createExtractor({ key: keys.forTenant(IMPORT_TENANT) }),
    hashCredential: (secret) => keyed(hash('sha256', secret, 'hex')),
  }
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
    spool.add(result.events)
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

/** What has been read of the files so far. */
interface Reading {
  readonly context: NormaliseContext
  readonly spool: Spool
  readonly told: string[]
  records: number
  rejected: number
  bytes: number
}

type Bad = Pick<Rejected, 'index' | 'detail'>

function reject(reading: Reading, file: string, line: number, bad: readonly Bad[]): string | undefined {
  reading.rejected += bad.length
  const told = bad.map(({ index, detail }) => `${file}: request at line ${line}, record ${index + 1}: ${detail}`)
  reading.told.push(...told.slice(0, Math.max(0, TOLD_MAX - reading.told.length)))
  return told[0]
}

/** Reads one request; the first reason why something of it became no event. */
function readOne(reading: Reading, file: string, request: Request | Unreadable): string | undefined {
  const { line } = request
  if ('problem' in request) {
    reading.records++
    reject(reading, file, line, [{ index: 0, detail: request.problem }])
    return request.problem
  }
  const result = normaliseBody(request.format, request.body, request.ndjson ? 'lines' : 'json', reading.context)
  if (!result.ok) {
    reading.records++
    const place = result.position === undefined ? '' : ` (byte ${result.position})`
    reject(reading, file, line, [{ index: 0, detail: `${result.detail}${place}` }])
    return `line ${line}: ${result.detail}${place}`
  }
  reading.records += result.records
  reading.spool.add(result.events)
  return reject(reading, file, line, result.rejected)
}

/** Reads a file as far as it can be read; undefined, or why nothing of it became an event. */
async function readFile(
  reading: Reading,
  file: string,
  format: FormatChoice,
  onBytes: (bytes: number) => void,
): Promise<string | undefined> {
  const before = reading.spool.count
  let first: string | undefined
  try {
    for await (const request of readRequests(file, format, onBytes, reading.context.formats)) {
      const problem = readOne(reading, file, request)
      first ??= problem
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    if (reading.spool.count > before) reading.told.push(`${error.message}; what stands before that was read`)
    first ??= error.message
  }
  // An empty file is a log in which nothing happened. A file without a usable record is reported.
  return reading.spool.count > before ? undefined : first
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
  const files = await expandPaths(paths)
  const spool = createSpool()
  const reading: Reading = {
    context: { ...importContext(), formats: createFormats(mappings) },
    spool,
    told: [],
    records: 0,
    rejected: 0,
    bytes: 0,
  }
  const unusable: UnusableFile[] = []
  for (const file of files) {
    const reason = await readFile(reading, file, format, (more) => onProgress((reading.bytes += more), spool.count))
    if (reason !== undefined) unusable.push({ file, reason })
  }
  if (spool.count === 0 && unusable.length > 0) {
    const named = unusable.slice(0, TOLD_MAX).map(({ file, reason }) => `${file}: ${reason}`)
    throw new UsageError(`no record became an event. ${named.join('\n')}`)
  }
  const { records, rejected, told } = reading
  return { spool, files: files.length, records, rejected, told, unusable }
}

/** Says what became of files and records that gave nothing. */
export function tellUnusable({ files, told, unusable }: Imported, tell: (line: string) => void): void {
  for (const line of told) tell(`rejected: ${line}`)
  if (unusable.length > 0) tell(`${unusable.length} of ${counted(files, 'file')} gave no event:`)
  for (const { file, reason } of unusable) tell(`  ${file}: ${reason}`)
}
