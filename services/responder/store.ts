/**
 * The responder's memory on the log. Changes are staged in a transaction and written to `state` in the order in which
 * they were made. Nothing happens outside before they are durable. So memory may run ahead of the log by what is being
 * written, but the world never does: a kill at any moment loses nothing that anybody has seen.
 *
 * All changes of a transaction belong to one tenant and one partition.
 */
import {
  CHUNK_BYTES,
  chunkKey,
  contentHash,
  contentKey,
  contentPartition,
  parseChunkKey,
  parseStateKey,
  type StateAddress,
  statePartition,
  stateKey,
  WHOLE,
} from '../../schemas/state.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { RecordInput } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { createStateWriter, type StateWriter, type StoreOptions, TOPIC } from './state-writer.ts'

/** Where a record is stored, so that it can be read again instead of being kept in memory. */
export interface RecordPlace {
  readonly partition: number
  readonly offset: number
}

export interface LoadedRecord {
  readonly address: StateAddress
  readonly sequence: number
  readonly body: unknown
  readonly place: RecordPlace
}

/** A record that the log would refuse: nothing of it was staged. */
export class StateTooLarge extends Error {
  override readonly name = 'StateTooLarge'
}

export interface Transaction {
  readonly tenant: string
  /**
   * Writes the thing's next sequence and tombstones the previous one. Pass `sequence` if it has a meaning of its own.
   * Throws StateTooLarge, and stages nothing, if the log would refuse the record: change memory after it, not before.
   */
  put(kind: StateAddress['kind'], id: string, body: unknown, sequence?: number): void
  /** As put, and reports where the record was written. */
  place(kind: StateAddress['kind'], id: string, body: unknown, placed: (place: RecordPlace) => void): void
  remove(kind: StateAddress['kind'], id: string): void
  /** Runs once all of the transaction is durable. */
  after(run: () => void): void
  /** Passes everything to the log, in the order of the calls. Resolves when it is durable and `after` has run. */
  commit(): Promise<void>
}

export interface Loaded {
  readonly records: readonly LoadedRecord[]
  /** Contents of sections by hash, and whether all of each is there. */
  readonly contents: ReadonlyMap<string, boolean>
}

export interface StateStore {
  /** Reads everything; removes what a newer sequence has made void. Call it once, before anything else. */
  load(): Promise<Loaded>
  begin(tenant: string): Transaction
  /** Content of a section in chunks under its hash; null removes what there is of it. */
  putContent(hash: string, bytes: Uint8Array | null): Promise<void>
  /** The record at a place, or undefined where compaction has taken it. */
  readAt(place: RecordPlace): Promise<unknown>
  /** Resolves when nothing waits to be written any more. */
  flush(): Promise<void>
  /** Gives up what cannot be written. */
  close(): void
}

/** A record that no later one has replaced or removed. */
interface LiveRecord {
  readonly offset: number
  readonly value: Buffer
}

/** What the store knows of the topic, as of the last write that was handed over. */
interface Index {
  readonly deps: StoreOptions
  readonly writer: StateWriter
  /** Newest sequence by key without its sequence. */
  readonly sequences: Map<string, number>
  /** Keys of the contents of sections that are there. */
  readonly contentKeys: Set<string>
}

const hashIn = (key: string): string | undefined => parseChunkKey(key)?.hash ?? contentHash(key)

const stem = (address: StateAddress): string => stateKey(address, 0).slice(0, -1)

const partitions = (index: Index): number => index.deps.log.partitions(TOPIC)

const begin = (index: Index, tenant: string): Transaction => {
  const records: RecordInput[] = []
  const placed: { at: number; tell: (place: RecordPlace) => void }[] = []
  const afterwards: (() => void)[] = []
  const put = (kind: StateAddress['kind'], id: string, body: unknown, sequence?: number): void => {
    const address = { kind, tenant, id }
    const before = index.sequences.get(stem(address))
    const now = sequence ?? (before ?? 0) + 1
    const key = stateKey(address, now)
    const value = Buffer.from(JSON.stringify(body))
    if (key.length + value.length > LIMITS.log_record_bytes_max) {
      throw new StateTooLarge(`a record of kind ${kind} would have ${value.length} bytes, more than the log takes`)
    }
    index.sequences.set(stem(address), now)
    records.push({ key, value })
    if (before !== undefined && before !== now) records.push({ key: stateKey(address, before), value: null })
  }
  return {
    tenant,
    put,
    place(kind, id, body, tell) {
      placed.push({ at: records.length, tell })
      put(kind, id, body)
    },
    remove(kind, id) {
      const address = { kind, tenant, id }
      const before = index.sequences.get(stem(address))
      if (before === undefined) return
      index.sequences.delete(stem(address))
      records.push({ key: stateKey(address, before), value: null })
    },
    after: (run) => afterwards.push(run),
    async commit() {
      if (records.length > 0) {
        const partition = statePartition(tenant, partitions(index))
        const first = await index.writer.write(partition, records)
        for (const { at, tell } of placed) tell({ partition, offset: first + at })
      }
      for (const run of afterwards) run()
    },
  }
}

/** What one partition holds: the newest record of each key. Keys of contents go into the index. */
async function readPartition({ deps, contentKeys }: Index, partition: number): Promise<Map<string, LiveRecord>> {
  const live = new Map<string, LiveRecord>()
  for await (const { key, value, offset } of deps.log.read(TOPIC, partition)) {
    if (key === null) continue
    if (hashIn(key) !== undefined) {
      // What it says, which may be much, is for those who use it.
      if (value === null) contentKeys.delete(key)
      else contentKeys.add(key)
    } else if (value === null) live.delete(key)
    else live.set(key, { offset, value })
  }
  return live
}

interface Loading {
  /** By key without its sequence. */
  readonly newest: Map<string, LoadedRecord>
  /** What a newer sequence has made void. */
  readonly stale: { partition: number; key: string }[]
}

function loadRecord(
  { newest, stale }: Loading,
  logger: Logger,
  key: string,
  partition: number,
  record: LiveRecord,
): void {
  const address = parseStateKey(key)
  if (address === undefined) {
    logger.error({ key }, 'a record of the state has a key that is not known; it is left alone')
    return
  }
  const { sequence } = address
  const known = newest.get(stem(address))
  if (known !== undefined && known.sequence > sequence) {
    stale.push({ partition, key })
    return
  }
  if (known !== undefined) stale.push({ partition: known.place.partition, key: stateKey(address, known.sequence) })
  const { offset, value } = record
  try {
    const body = JSON.parse(value.toString('utf8')) as unknown
    newest.set(stem(address), { address, sequence, body, place: { partition, offset } })
  } catch {
    logger.error({ key, offset, partition }, 'a record of the state is not JSON; it is left out')
  }
}

/** The contents by hash, and whether all of each is there. */
function contentsIn({ contentKeys }: Index): Map<string, boolean> {
  const contents = new Map<string, boolean>()
  for (const key of contentKeys) {
    const hash = hashIn(key) ?? ''
    const isWhole = parseChunkKey(key)?.part === WHOLE || key === contentKey(hash)
    contents.set(hash, contents.get(hash) === true || isWhole)
  }
  return contents
}

async function load(index: Index): Promise<Loaded> {
  const loading: Loading = { newest: new Map(), stale: [] }
  for (let partition = 0; partition < partitions(index); partition++) {
    const live = await readPartition(index, partition)
    for (const [key, record] of live) loadRecord(loading, index.deps.logger, key, partition, record)
  }
  for (const [key, { sequence }] of loading.newest) index.sequences.set(key, sequence)
  const removed = loading.stale.map(({ partition, key }) => index.writer.write(partition, [{ key, value: null }]))
  await Promise.all(removed)
  return { records: [...loading.newest.values()], contents: contentsIn(index) }
}

async function putContent(index: Index, hash: string, bytes: Uint8Array | null): Promise<void> {
  const partition = contentPartition(partitions(index))
  if (bytes === null) {
    const keys = [...index.contentKeys].filter((key) => hashIn(key) === hash)
    // The part that says it is whole goes first.
    keys.sort((a, b) => Number(b.endsWith(WHOLE)) - Number(a.endsWith(WHOLE)))
    for (const key of keys) index.contentKeys.delete(key)
    const gone = keys.map((key) => ({ key, value: null }))
    if (gone.length > 0) await index.writer.write(partition, gone)
    return
  }
  const put = async (part: number | string, value: Buffer): Promise<void> => {
    const key = chunkKey(hash, part)
    index.contentKeys.add(key)
    await index.writer.write(partition, [{ key, value }])
  }
  const chunks = Math.ceil(bytes.length / CHUNK_BYTES)
  for (let n = 0; n < chunks; n++) {
    await put(n, Buffer.from(bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES)))
  }
  await put(WHOLE, Buffer.from(JSON.stringify({ chunks })))
}

async function readAt(index: Index, { partition, offset }: RecordPlace): Promise<unknown> {
  for await (const record of index.deps.log.read(TOPIC, partition, offset)) {
    if (record.offset !== offset || record.value === null) return undefined
    return JSON.parse(record.value.toString('utf8')) as unknown
  }
  return undefined
}

/** Makes the store over `state`. The topic must exist. */
export function createStateStore(options: StoreOptions): StateStore {
  const index: Index = {
    deps: options,
    writer: createStateWriter(options),
    sequences: new Map(),
    contentKeys: new Set(),
  }

  return {
    begin: (tenant) => begin(index, tenant),
    load: () => load(index),
    putContent: (hash, bytes) => putContent(index, hash, bytes),
    readAt: (place) => readAt(index, place),
    flush: () => index.writer.flush(),
    close: () => index.writer.close(),
  }
}
