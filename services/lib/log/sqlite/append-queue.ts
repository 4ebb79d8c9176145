/**
 * The main side of appending: checks sizes, bounds what may wait for the disk, sends the appends of one tick to the
 * writer as one message, and remembers whether the last attempt failed. What the services write for each other leaves once in
 * each turn of the event loop, because each message wakes the writer; what a sender waits for leaves at once.
 */
import type { Clock } from '../../clock.ts'
import { packValues } from '../packed-records.ts'
import { LogError, type RecordInput } from '../port.ts'
import { checkRecord, createWaitingBytes } from '../waiting-bytes.ts'
import type { Catalog } from './catalog.ts'
import { recordBytes } from './protocol.ts'
import type { WorkerClient } from './worker-client.ts'

const MESSAGE_BYTES_MAX = 4 * 1024 * 1024
const PROBE_BYTES_MAX = 1024 * 1024
/** Topics for whose appends nobody outside waits. */
const BETWEEN_SERVICES: ReadonlySet<string> = new Set(['signals', 'findings', 'state', 'snapshots'])
/** A disk that has not answered for this long is reported as unavailable. */
const ANSWER_MS_MAX = 10_000

export interface AppendQueue {
  append(topic: string, partition: number, records: readonly RecordInput[]): Promise<number>
  health(): Promise<{ ok: true } | { ok: false; reason: string }>
  /** Refuses appends from now on and waits for those under way. */
  close(): Promise<void>
}

export interface AppendQueueOptions {
  readonly writer: WorkerClient
  readonly catalog: Catalog
  readonly clock: Clock
  /** Milliseconds on a clock that nobody sets. */
  readonly elapsed: () => number
  readonly pendingBytesMax: number
}

interface Entry {
  readonly topic: string
  readonly slot: number
  readonly records: readonly RecordInput[]
  readonly bytes: number
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

/** What waits for the disk, and what came of the last attempt. */
interface Queue {
  readonly options: AppendQueueOptions
  readonly waiting: ReturnType<typeof createWaitingBytes>
  /** When the messages under way were sent, oldest first; in ms of `elapsed`. */
  readonly sentAt: number[]
  /** To be sent at the end of the current tick. */
  tick: Entry[]
  /** To be sent at the end of the current turn of the event loop. */
  turn: Entry[]
  failure: { reason: string; bytes: number } | undefined
  probing: Promise<void> | undefined
  closed: boolean
  idle: (() => void) | undefined
}

async function send(queue: Queue, entries: readonly Entry[], bytes: number): Promise<void> {
  const { clock, elapsed, writer, catalog } = queue.options
  const nowMs = clock.now()
  const values = packValues(entries.flatMap((entry) => entry.records))
  const slots = Int32Array.from(entries, (entry) => entry.slot)
  const counts = Int32Array.from(entries, (entry) => entry.records.length)
  const message = { kind: 'append', nowMs, slots, counts, values }
  queue.sentAt.push(elapsed())
  try {
    const firsts = await writer.request<Float64Array>(message, [values.bytes.buffer])
    queue.failure = undefined
    for (const [i, entry] of entries.entries()) catalog.appended(entry.slot, firsts[i]! + entry.records.length)
    for (const [i, entry] of entries.entries()) entry.resolve(firsts[i]!)
  } catch (error) {
    queue.failure = { reason: (error as Error).message, bytes }
    for (const entry of entries) entry.reject(error)
  } finally {
    queue.sentAt.shift()
    for (const { topic, bytes: freed } of entries) queue.waiting.free(topic, freed)
    if (queue.sentAt.length === 0) queue.idle?.()
  }
}

function flush(queue: Queue, due: 'tick' | 'turn'): void {
  let entries: Entry[] = []
  let bytes = 0
  for (const entry of queue[due]) {
    if (bytes > 0 && bytes + entry.bytes > MESSAGE_BYTES_MAX) {
      void send(queue, entries, bytes)
      entries = []
      bytes = 0
    }
    entries.push(entry)
    bytes += entry.bytes
  }
  if (entries.length > 0) void send(queue, entries, bytes)
  queue[due] = []
}

async function probe(queue: Queue, bytes: number): Promise<void> {
  await queue.options.writer.request({ kind: 'probe', bytes: Math.min(bytes, PROBE_BYTES_MAX) })
  queue.failure = undefined
}

async function append(
  queue: Queue,
  topic: string,
  partition: number,
  records: readonly RecordInput[],
): Promise<number> {
  const { catalog } = queue.options
  const slot = catalog.slot(topic, partition)
  if (queue.closed) throw new LogError('log_unavailable', 'the log is closed')
  if (records.length === 0) return catalog.end(slot)
  const isCompacted = catalog.topic(topic).cleanup === 'compact'
  for (const record of records) checkRecord(topic, isCompacted, record, recordBytes(record))
  const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0)
  queue.waiting.reserve(topic, bytes)
  return new Promise((resolve, reject) => {
    const due = BETWEEN_SERVICES.has(topic) ? 'turn' : 'tick'
    if (queue[due].length === 0) {
      if (due === 'turn') setImmediate(() => flush(queue, due))
      else queueMicrotask(() => flush(queue, due))
    }
    queue[due].push({ topic, slot, records, bytes, resolve, reject })
  })
}

async function health(queue: Queue): Promise<{ ok: true } | { ok: false; reason: string }> {
  if (queue.closed) return { ok: false, reason: 'the log is closed' }
  const waited = queue.sentAt.length === 0 ? 0 : Math.round(queue.options.elapsed() - queue.sentAt[0]!)
  if (waited > ANSWER_MS_MAX) return { ok: false, reason: `the disk has not answered for ${waited} ms` }
  if (queue.failure === undefined) return { ok: true }
  // Nobody appends while readiness says no: the log itself has to find out whether space is back.
  queue.probing ??= probe(queue, queue.failure.bytes).finally(() => {
    queue.probing = undefined
  })
  try {
    await queue.probing
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: (error as Error).message }
  }
}

async function close(queue: Queue): Promise<void> {
  queue.closed = true
  flush(queue, 'turn')
  flush(queue, 'tick')
  if (queue.sentAt.length === 0) return
  await new Promise<void>((resolve) => {
    queue.idle = resolve
  })
}

export function createAppendQueue(options: AppendQueueOptions): AppendQueue {
  const queue: Queue = {
    options,
    waiting: createWaitingBytes(options.pendingBytesMax),
    sentAt: [],
    tick: [],
    turn: [],
    failure: undefined,
    probing: undefined,
    closed: false,
    idle: undefined,
  }

  return {
    append: (topic, partition, records) => append(queue, topic, partition, records),
    health: () => health(queue),
    close: () => close(queue),
  }
}
