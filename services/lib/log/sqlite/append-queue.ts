/**
 * The main side of appending: checks sizes, bounds what may wait for the disk, sends the appends of one tick to the
 * writer as one message, and remembers whether the last attempt failed.
 */
import type { Clock } from '../../clock.ts'
import { LogError, type RecordInput } from '../port.ts'
import { checkRecord, createWaitingBytes } from '../waiting-bytes.ts'
import type { Catalog } from './catalog.ts'
import { packValues, recordBytes } from './protocol.ts'
import type { WorkerClient } from './worker-client.ts'

const MESSAGE_BYTES_MAX = 4 * 1024 * 1024
const PROBE_BYTES_MAX = 1024 * 1024
/** A disk that has not answered for this long is reported as unavailable. */
const ANSWER_MS_MAX = 10_000

export interface AppendQueue {
  append(topic: string, partition: number, records: readonly RecordInput[]): Promise<number>
  health(): Promise<{ ok: true } | { ok: false; reason: string }>
  /** Refuses appends from now on and waits for those under way. */
  close(): Promise<void>
}

interface Entry {
  readonly topic: string
  readonly slot: number
  readonly records: readonly RecordInput[]
  readonly bytes: number
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

export function createAppendQueue(options: {
  readonly writer: WorkerClient
  readonly catalog: Catalog
  readonly clock: Clock
  readonly pendingBytesMax: number
}): AppendQueue {
  const { writer, catalog, clock } = options
  const waiting = createWaitingBytes(options.pendingBytesMax)
  /** When the messages under way were sent, oldest first. */
  const sentAt: number[] = []
  let tick: Entry[] = []
  let failure: { reason: string; bytes: number } | undefined
  let probing: Promise<void> | undefined
  let closed = false
  let idle: (() => void) | undefined

  async function send(entries: readonly Entry[], bytes: number): Promise<void> {
    const nowMs = clock.now()
    const values = packValues(entries.flatMap((entry) => entry.records))
    const slots = Int32Array.from(entries, (entry) => entry.slot)
    const counts = Int32Array.from(entries, (entry) => entry.records.length)
    const message = { kind: 'append', nowMs, slots, counts, values }
    sentAt.push(nowMs)
    try {
      const firsts = await writer.request<Float64Array>(message, [values.bytes.buffer])
      failure = undefined
      for (const [i, entry] of entries.entries()) catalog.appended(entry.slot, firsts[i]! + entry.records.length)
      for (const [i, entry] of entries.entries()) entry.resolve(firsts[i]!)
    } catch (error) {
      failure = { reason: (error as Error).message, bytes }
      for (const entry of entries) entry.reject(error)
    } finally {
      sentAt.shift()
      for (const { topic, bytes: freed } of entries) waiting.free(topic, freed)
      if (sentAt.length === 0) idle?.()
    }
  }

  function flush(): void {
    let entries: Entry[] = []
    let bytes = 0
    for (const entry of tick) {
      if (bytes > 0 && bytes + entry.bytes > MESSAGE_BYTES_MAX) {
        void send(entries, bytes)
        entries = []
        bytes = 0
      }
      entries.push(entry)
      bytes += entry.bytes
    }
    if (entries.length > 0) void send(entries, bytes)
    tick = []
  }

  async function probe(bytes: number): Promise<void> {
    await writer.request({ kind: 'probe', bytes: Math.min(bytes, PROBE_BYTES_MAX) })
    failure = undefined
  }

  return {
    async append(topic, partition, records) {
      const slot = catalog.slot(topic, partition)
      if (closed) throw new LogError('log_unavailable', 'the log is closed')
      if (records.length === 0) return catalog.end(slot)
      const isCompacted = catalog.topic(topic).cleanup === 'compact'
      for (const record of records) checkRecord(topic, isCompacted, record, recordBytes(record))
      const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0)
      waiting.reserve(topic, bytes)
      return new Promise((resolve, reject) => {
        if (tick.length === 0) queueMicrotask(flush)
        tick.push({ topic, slot, records, bytes, resolve, reject })
      })
    },
    async health() {
      if (closed) return { ok: false, reason: 'the log is closed' }
      const waited = sentAt.length === 0 ? 0 : clock.now() - sentAt[0]!
      if (waited > ANSWER_MS_MAX) return { ok: false, reason: `the disk has not answered for ${waited} ms` }
      if (failure === undefined) return { ok: true }
      // Nobody appends while readiness says no: the log itself has to find out whether space is back.
      probing ??= probe(failure.bytes).finally(() => {
        probing = undefined
      })
      try {
        await probing
        return { ok: true }
      } catch (error) {
        return { ok: false, reason: (error as Error).message }
      }
    },
    async close() {
      closed = true
      flush()
      if (sentAt.length === 0) return
      await new Promise<void>((resolve) => {
        idle = resolve
      })
    },
  }
}
