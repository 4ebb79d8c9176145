/**
 * Files to normalised events, as replay, prove and eval need them: the same normalisers as behind the service's doors, the
 * tenant `default`, and a fixed key, so that two runs on two machines compare. No finding holds a keyed hash: the key
 * changes none.
 */
import { createExtractor } from '../../collector/indicators/index.ts'
import { type NormaliseContext, normaliseBody, type Rejected } from '../../collector/normalise.ts'
import { tenantKeys } from '../../lib/secrets.ts'
import { createHash, createHmac } from 'node:crypto'
import { UsageError } from './errors.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { readRequests } from './requests.ts'
import { createSpool, PROVISIONAL_RECEIPT_MS, type Spool } from './spool.ts'

export const IMPORT_TENANT = 'default'
/** Not a secret: it keys hashes that leave no command. */
const IMPORT_MASTER_KEY = Buffer.from('moltwatch replay, a key that is public')
/** So many rejected records are told in full. */
const TOLD_MAX = 5

export interface Imported {
  readonly spool: Spool
  readonly records: number
  readonly rejected: number
  /** The first few, as sentences with file and line. */
  readonly told: readonly string[]
}

function importContext(): NormaliseContext {
  const keys = tenantKeys(IMPORT_MASTER_KEY)
  const credentialKey = keys.forCredentials(IMPORT_TENANT)
  return {
    tenant: IMPORT_TENANT,
    sender: '',
    receiptTime: PROVISIONAL_RECEIPT_MS,
    history: false,
    assurance: 'claimed',
    extractor: createExtractor({ key: keys.forTenant(IMPORT_TENANT) }),
    hashCredential: (secret) =>
      createHmac('sha256', credentialKey).update(createHash('sha256').update(secret).digest()).digest('hex'),
  }
}

/** Events of one request, as a sender of many would batch them. */
const GENERATED_BATCH = 2_000

/**
 * Takes canonical events that were made and not read, through the same normaliser as a file's. `onEvents` hears how many
 * there are so far. Throws where one of them is refused: whoever makes events makes valid ones.
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

/**
 * Reads all files, in the order given. Throws UsageError where a file cannot be read, or holds records and none of them
 * became an event. `onProgress` hears bytes read so far and events so far.
 */
export async function importFiles(
  files: readonly string[],
  format: FormatChoice,
  onProgress: (bytes: number, events: number) => void = () => {},
): Promise<Imported> {
  const context = importContext()
  const spool = createSpool()
  const told: string[] = []
  let [bytes, records, rejected] = [0, 0, 0]
  const reject = (file: string, line: number, bad: readonly Pick<Rejected, 'index' | 'detail'>[]): void => {
    rejected += bad.length
    for (const { index, detail } of bad) {
      if (told.length < TOLD_MAX) told.push(`${file}: request at line ${line}, record ${index + 1}: ${detail}`)
    }
  }
  for (const file of files) {
    const before = spool.count
    const rejectedBefore = rejected
    const onBytes = (more: number): void => onProgress((bytes += more), spool.count)
    for await (const request of readRequests(file, format, onBytes)) {
      const result = normaliseBody(request.format, request.body, request.ndjson ? 'lines' : 'json', context)
      if (!result.ok) {
        records++
        reject(file, request.line, [{ index: 0, detail: `${result.detail} (byte ${result.position})` }])
        continue
      }
      records += result.records
      reject(file, request.line, result.rejected)
      spool.add(result.events)
    }
    // An empty file is a log in which nothing happened; one of which nothing could be used is a mistake.
    const first = rejected === rejectedBefore ? undefined : told.at(-1)
    if (spool.count === before && first !== undefined) {
      throw new UsageError(`${file}: no record became an event. ${first}. If the format is another, say --format`)
    }
  }
  return { spool, records, rejected, told }
}
