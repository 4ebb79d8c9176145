/**
 * What a run of requests becomes: packed rows, and what is to be said of each request. It depends only on the requests and
 * the mappings, so that any thread can do it.
 */
import { createHmac, hash } from 'node:crypto'
import { createExtractor } from '../../../collector/indicators/index.ts'
import { createFormats } from '../../../collector/formats/formats.ts'
import { memo } from '../../../collector/memo.ts'
import { type NormaliseContext, normaliseBody, type Rejected } from '../../../collector/normalise.ts'
import type { Mapping } from '../../../lib/mappings/schema.ts'
import { tenantKeys } from '../../../lib/secrets.ts'
import type { Request, Unreadable } from '../requests.ts'
import { createPacker, type PackedEvents, PROVISIONAL_RECEIPT_MS } from '../packed-events.ts'

export const IMPORT_TENANT = 'default'
/** Not a secret: it keys hashes that leave no command. */
const IMPORT_MASTER_KEY = Buffer.from('moltwatch replay, a key that is public')
/** Rejected records that are reported in full. */
export const TOLD_MAX = 5

/** What became of one request. */
export interface RequestOutcome {
  readonly events: number
  readonly records: number
  readonly rejected: number
  /** The first few of those, as sentences without the name of the file. */
  readonly told: readonly string[]
}

export interface Reading {
  readonly packed: PackedEvents
  /** In the order of the requests. */
  readonly outcomes: readonly RequestOutcome[]
}

export type Read = (requests: readonly (Request | Unreadable)[]) => Reading

export function importContext(): NormaliseContext {
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

const nothingOf = (problem: string): RequestOutcome => ({ events: 0, records: 1, rejected: 1, told: [problem] })

const sentences = (line: number, rejected: readonly Rejected[]): string[] =>
  rejected.slice(0, TOLD_MAX).map(({ index, detail }) => `request at line ${line}, record ${index + 1}: ${detail}`)

/** Remembers texts from one run to the next, which changes what it costs and nothing else. */
export function createRead(mappings: readonly Mapping[]): Read {
  const context: NormaliseContext = { ...importContext(), formats: createFormats(mappings) }
  return (requests) => {
    const packer = createPacker()
    const outcomes = requests.map((request): RequestOutcome => {
      if ('problem' in request) return nothingOf(request.problem)
      const { line, format, body, ndjson } = request
      const result = normaliseBody(format, body, ndjson ? 'lines' : 'json', context)
      if (!result.ok) {
        const place = result.position === undefined ? '' : ` (byte ${result.position})`
        return nothingOf(`line ${line}: ${result.detail}${place}`)
      }
      const { events, records, rejected } = result
      packer.add(events)
      return { events: events.length, records, rejected: rejected.length, told: sentences(line, rejected) }
    })
    return { packed: packer.take(), outcomes }
  }
}
