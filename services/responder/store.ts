/**
 * The responder's memory on the log: changes are staged in a transaction, written to `state` in the order in which they
 * were made, and only when they are durable does anything happen outside. Memory may therefore run ahead of the log by
 * what is being written, never the world: a kill at any moment loses nothing that anybody has seen.
 *
 * One append per partition is under way at a time and takes along all that has gathered; trouble that may pass is waited
 * out, so the order holds. All changes of a transaction belong to one tenant and lie in one partition.
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
import { type Log, LogError, type RecordInput } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Timers } from './timers.ts'

const TOPIC = 'state'
const APPEND_RECORDS_MAX = 500
const RETRY_MS = 250

/** Where a record lies, so that it can be read again instead of being kept in memory. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

export interface LoadedRecord {
  readonly address: StateAddress
  readonly sequence: number
  readonly body: unknown
  readonly place: Place
}

/** A record that the log would refuse: nothing of it was staged. */
export class StateTooLarge extends Error {
  override readonly name = 'StateTooLarge'
}

export interface Transaction {
  readonly tenant: string
  /**
   * Writes the next sequence of the thing and tombstones the one before. `sequence` where it has a meaning of its own.
   * Throws StateTooLarge, and stages nothing, where the log would refuse the record: change memory after it, not before.
   */
  put(kind: StateAddress['kind'], id: string, body: unknown, sequence?: number): void
  /** As put, and says where the record came to lie. */
  place(kind: StateAddress['kind'], id: string, body: unknown, placed: (place: Place) => void): void
  remove(kind: StateAddress['kind'], id: string): void
  /** Runs once all of the transaction is durable. */
  after(run: () => void): void
  /** Hands everything to the log, in the order of the calls. Resolves when it is durable and `after` has run. */
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
  readAt(place: Place): Promise<unknown>
  /** Resolves when nothing waits to be written any more. */
  flush(): Promise<void>
  /** Gives up what cannot be written. */
  close(): void
}

interface Waiting {
  readonly records: readonly RecordInput[]
  done(firstOffset: number): void
  fail(error: Error): void
}

interface Lane {
  readonly queue: Waiting[]
  running: Promise<void> | undefined
}

export interface AppendTools {
  readonly log: Log
  readonly logger: Logger
  readonly timers: Timers
}

export interface StoreOptions extends AppendTools {
  /** The log will never take what it was given: memory and log differ from now on, and nothing may act on either. */
  onFatal(error: Error): void
}

/** Appends, and waits out trouble that may pass. Rejects for what never will, or when `isClosed` says so. */
export async function appendPatiently(
  { log, logger, timers }: AppendTools,
  topic: string,
  partition: number,
  records: readonly RecordInput[],
  isClosed: () => boolean,
): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      return await log.append(topic, partition, records)
    } catch (error) {
      if (!(error instanceof LogError) || !error.retriable || isClosed()) throw error
      if (tries % 20 === 0) logger.warn({ topic, partition, reason: error.message }, 'the log refuses; trying again')
      await new Promise<void>((resolve) => {
        timers.after(RETRY_MS, resolve)
      })
    }
  }
}

function takeTogether(queue: Waiting[]): Waiting[] {
  const taken: Waiting[] = []
  let count = 0
  let bytes = 0
  while (queue.length > 0) {
    const next = queue[0]!
    const size = next.records.reduce((sum, r) => sum + (r.value?.length ?? 0), 0)
    if (
      taken.length > 0 &&
      (count + next.records.length > APPEND_RECORDS_MAX || bytes + size > LIMITS.frame_bytes_max)
    ) {
      break
    }
    taken.push(next)
    queue.shift()
    count += next.records.length
    bytes += size
  }
  return taken
}

/** One writer per partition of `state`: keeps order, gathers what comes while it writes. */
function createWriter(options: StoreOptions) {
  const lanes = new Map<number, Lane>()
  let closed = false
  const run = async (partition: number, lane: Lane): Promise<void> => {
    while (lane.queue.length > 0) {
      const together = takeTogether(lane.queue)
      const records = together.flatMap((w) => w.records)
      try {
        let offset = await appendPatiently(options, TOPIC, partition, records, () => closed)
        for (const waiting of together) {
          waiting.done(offset)
          offset += waiting.records.length
        }
      } catch (error) {
        options.onFatal(error as Error)
        for (const waiting of together) waiting.fail(error as Error)
      }
    }
    lane.running = undefined
  }
  return {
    write(partition: number, records: readonly RecordInput[]): Promise<number> {
      const lane = lanes.get(partition) ?? { queue: [], running: undefined }
      lanes.set(partition, lane)
      return new Promise((resolve, reject) => {
        lane.queue.push({ records, done: resolve, fail: reject })
        lane.running ??= run(partition, lane)
      })
    },
    async flush(): Promise<void> {
      while ([...lanes.values()].some((lane) => lane.running !== undefined)) {
        await Promise.all([...lanes.values()].map(async (lane) => lane.running))
      }
    },
    close: () => {
      closed = true
    },
  }
}

/** Makes the store over `state`. The topic must exist. */
export function createStateStore(options: StoreOptions): StateStore {
  const { log, logger } = options
  const writer = createWriter(options)
  /** Newest sequence by key without its sequence. */
  const sequences = new Map<string, number>()
  /** Keys of the contents of sections that are there. */
  const contentKeys = new Set<string>()
  const hashIn = (key: string): string | undefined => parseChunkKey(key)?.hash ?? contentHash(key)
  const stem = (address: StateAddress): string => stateKey(address, 0).slice(0, -1)
  const partitions = (): number => log.partitions(TOPIC)

  const begin = (tenant: string): Transaction => {
    const records: RecordInput[] = []
    const placed: { at: number; tell: (place: Place) => void }[] = []
    const afterwards: (() => void)[] = []
    const put = (kind: StateAddress['kind'], id: string, body: unknown, sequence?: number): void => {
      const address = { kind, tenant, id }
      const before = sequences.get(stem(address))
      const now = sequence ?? (before ?? 0) + 1
      const key = stateKey(address, now)
      const value = Buffer.from(JSON.stringify(body))
      if (key.length + value.length > LIMITS.log_record_bytes_max) {
        throw new StateTooLarge(`a record of kind ${kind} would have ${value.length} bytes, more than the log takes`)
      }
      sequences.set(stem(address), now)
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
        const before = sequences.get(stem(address))
        if (before === undefined) return
        sequences.delete(stem(address))
        records.push({ key: stateKey(address, before), value: null })
      },
      after: (run) => afterwards.push(run),
      async commit() {
        if (records.length > 0) {
          const partition = statePartition(tenant, partitions())
          const first = await writer.write(partition, records)
          for (const { at, tell } of placed) tell({ partition, offset: first + at })
        }
        for (const run of afterwards) run()
      },
    }
  }

  return {
    begin,
    async load() {
      const newest = new Map<string, LoadedRecord>()
      const stale: { partition: number; key: string }[] = []
      for (let partition = 0; partition < partitions(); partition++) {
        const live = new Map<string, { offset: number; value: Buffer }>()
        for await (const { key, value, offset } of log.read(TOPIC, partition)) {
          if (key === null) continue
          if (hashIn(key) !== undefined) {
            // What it says, which may be much, is for those who use it.
            if (value === null) contentKeys.delete(key)
            else contentKeys.add(key)
            continue
          }
          if (value === null) live.delete(key)
          else live.set(key, { offset, value })
        }
        for (const [key, { offset, value }] of live) {
          const address = parseStateKey(key)
          if (address === undefined) {
            logger.error({ key }, 'a record of the state has a key that is not known; it is left alone')
            continue
          }
          const { sequence } = address
          const known = newest.get(stem(address))
          if (known !== undefined && known.sequence > sequence) {
            stale.push({ partition, key })
            continue
          }
          if (known !== undefined)
            stale.push({ partition: known.place.partition, key: stateKey(address, known.sequence) })
          try {
            const body = JSON.parse(value.toString('utf8')) as unknown
            newest.set(stem(address), { address, sequence, body, place: { partition, offset } })
          } catch {
            logger.error({ key, offset, partition }, 'a record of the state is not JSON; it is left out')
          }
        }
      }
      for (const [key, { sequence }] of newest) sequences.set(key, sequence)
      await Promise.all(stale.map(({ partition, key }) => writer.write(partition, [{ key, value: null }])))
      const contents = new Map<string, boolean>()
      for (const key of contentKeys) {
        const hash = hashIn(key) ?? ''
        contents.set(
          hash,
          contents.get(hash) === true || parseChunkKey(key)?.part === WHOLE || key === contentKey(hash),
        )
      }
      return { records: [...newest.values()], contents }
    },
    async putContent(hash, bytes) {
      const partition = contentPartition(partitions())
      if (bytes === null) {
        const keys = [...contentKeys].filter((key) => hashIn(key) === hash)
        // The part that says it is whole goes first.
        keys.sort((a, b) => Number(b.endsWith(WHOLE)) - Number(a.endsWith(WHOLE)))
        for (const key of keys) contentKeys.delete(key)
        const gone = keys.map((key) => ({ key, value: null }))
        if (gone.length > 0) await writer.write(partition, gone)
        return
      }
      const put = async (part: number | string, value: Buffer): Promise<void> => {
        const key = chunkKey(hash, part)
        contentKeys.add(key)
        await writer.write(partition, [{ key, value }])
      }
      const chunks = Math.ceil(bytes.length / CHUNK_BYTES)
      for (let n = 0; n < chunks; n++) {
        await put(n, Buffer.from(bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES)))
      }
      await put(WHOLE, Buffer.from(JSON.stringify({ chunks })))
    },
    async readAt({ partition, offset }) {
      for await (const record of log.read(TOPIC, partition, offset)) {
        if (record.offset !== offset || record.value === null) return undefined
        return JSON.parse(record.value.toString('utf8')) as unknown
      }
      return undefined
    },
    flush: () => writer.flush(),
    close: () => writer.close(),
  }
}
