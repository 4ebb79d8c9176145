/**
 * The worker that writes. It holds the directory's lock and the only writing connection, so that waiting for the disk
 * never blocks the event loop of the service. Everything that has arrived while a commit ran shares the next one.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { type Appender, createAppender } from './appends.ts'
import { type DirectoryLock, databaseFile, explain, lockDirectory, openForWriting } from './database.ts'
import { maintenance } from './maintenance.ts'
import { addTopics, loadPartitions, openState, type Partitions, rollback } from './partitions.ts'
import type {
  AppendRequest,
  CommitRequest,
  MaintainRequest,
  Notice,
  ProbeRequest,
  Reply,
  WorkerData,
  WriterRequest,
} from './protocol.ts'

/** A transaction takes no more than this, so that its latency and the write-ahead log stay bounded. */
const COMMIT_BYTES_MAX = 8 * 1024 * 1024
/** Below this size the whole structure is checked at open (about 0.1 s); larger files are checked as they are read. */
const QUICK_CHECK_BYTES_MAX = 32 * 1024 * 1024

const { directory, databaseBytesMax } = workerData as WorkerData
const port = parentPort!
const file = databaseFile(directory)
const post = (message: Reply | Notice, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

/** Pages of the write-ahead log that the database lacks before the reader is asked to copy them. */
const BACKLOG_PAGES = 250

interface Writer {
  readonly database: DatabaseSync
  /** Counts the pages of the write-ahead log, and does nothing else. */
  readonly backlog: StatementSync
  readonly lock: DirectoryLock
  readonly partitions: Partitions
  readonly appender: Appender
}

function quickCheck(database: DatabaseSync): void {
  const { pages, bytes } = database
    .prepare('SELECT page_count AS pages, page_size AS bytes FROM pragma_page_count, pragma_page_size')
    .get() as { pages: number; bytes: number }
  if (pages * bytes > QUICK_CHECK_BYTES_MAX) return
  const verdict = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
  if (verdict.quick_check !== 'ok') throw Object.assign(new Error(verdict.quick_check), { errcode: 11 })
}

function open(): Writer {
  const lock = lockDirectory(directory)
  try {
    const database = openForWriting(directory, databaseBytesMax, lock)
    quickCheck(database)
    const partitions = loadPartitions(database)
    const backlog = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    return { database, backlog, lock, partitions, appender: createAppender(database, partitions) }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Copying keeps this thread, and so every sender, for some 10 ms: the reader does it. */
function tellBacklog({ backlog }: Writer): void {
  try {
    const { log, checkpointed } = backlog.get() as { log: number; checkpointed: number }
    if (log - checkpointed >= BACKLOG_PAGES) post({ kind: 'backlog' })
  } catch {
    // What was appended is durable and answered. If the disk fails, the next commit says so; this thread copies by itself later.
  }
}

function commitTogether(writer: Writer, requests: readonly (AppendRequest | CommitRequest)[]): void {
  if (requests.length === 0) return
  try {
    const answers = writer.appender.run(requests)
    for (const [i, { id }] of requests.entries()) post({ id, result: answers[i] })
  } catch (error) {
    const reply = explain(error, file)
    for (const { id } of requests) post({ id, error: reply })
    return
  }
  tellBacklog(writer)
}

/** Runs one step, lets what has arrived go first, runs the next. */
function maintain(writer: Writer, request: MaintainRequest): void {
  const steps = maintenance(writer.database, writer.partitions, request, (slot, start) => {
    post({ kind: 'trimmed', slot, start })
  })
  const step = (): void => {
    try {
      const { done, value } = steps.next()
      if (done) post({ id: request.id, result: value })
      else setImmediate(step)
    } catch (error) {
      post({ id: request.id, error: explain(error, file) })
    }
  }
  step()
}

function probe(database: DatabaseSync, { bytes }: ProbeRequest): void {
  try {
    database.prepare('INSERT OR REPLACE INTO probe VALUES (1, zeroblob(?))').run(bytes)
    database.exec('DELETE FROM probe')
  } catch (error) {
    rollback(database)
    throw error
  }
}

function close(writer: Writer): void {
  writer.database.close()
  writer.lock.release()
}

function answer(writer: Writer, request: Exclude<WriterRequest, AppendRequest | CommitRequest>): void {
  if (request.kind === 'maintain') {
    maintain(writer, request)
    return
  }
  try {
    let result: unknown
    if (request.kind === 'topics') result = addTopics(writer.database, writer.partitions, request.topics)
    else if (request.kind === 'probe') probe(writer.database, request)
    else close(writer)
    post({ id: request.id, result })
    if (request.kind === 'close') port.close()
  } catch (error) {
    post({ id: request.id, error: explain(error, file) })
  }
}

/** Everything that waits at the port, up to what one transaction takes. */
function inbox(first: WriterRequest): WriterRequest[] {
  const requests = [first]
  let bytes = first.kind === 'append' ? first.values.bytes.length : 0
  while (bytes < COMMIT_BYTES_MAX) {
    const next = receiveMessageOnPort(port)
    if (next === undefined) break
    requests.push(next.message)
    if (next.message.kind === 'append') bytes += next.message.values.bytes.length
  }
  return requests
}

function serve(writer: Writer): void {
  port.on('message', (first: WriterRequest) => {
    let together: (AppendRequest | CommitRequest)[] = []
    for (const request of inbox(first)) {
      if (request.kind === 'append' || request.kind === 'commit') {
        together.push(request)
        continue
      }
      commitTogether(writer, together)
      together = []
      answer(writer, request)
    }
    commitTogether(writer, together)
  })
}

/** Request 0 is the opening itself: its answer tells the main side what exists, or why it cannot be opened. */
try {
  const writer = open()
  serve(writer)
  post({ id: 0, result: openState(writer.database, writer.partitions) })
} catch (error) {
  post({ id: 0, error: explain(error, file) })
}
