/**
 * The worker that reads, on its own connection, so that a slow commit delays no consumer and a large read no append. It
 * verifies each record's checksum, and in topics without compaction also that no offset is missing. What is damaged is
 * reported by name and never delivered or skipped. It also copies the write-ahead log into the database, because a reader that
 * waits delays nobody who sends.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { packValues } from '../packed-records.ts'
import { LogError } from '../port.ts'
import { databaseFile, explain, offsetOf, openForReading, recordCrc, rowId } from './database.ts'
import { type ReadReply, type ReadRequest, type ReaderRequest, type Reply, type WorkerData } from './protocol.ts'

const { directory } = workerData as WorkerData
const port = parentPort!
const file = databaseFile(directory)

interface Row {
  readonly id: number
  readonly appended_at: number
  readonly crc: number
  readonly key: string | null
  readonly value: Uint8Array | null
}

interface Reader {
  readonly database: DatabaseSync
  readonly dense: StatementSync
  readonly sparse: StatementSync
  readonly start: StatementSync
}

function open(): Reader {
  const database = openForReading(directory)
  const select = (table: string): StatementSync =>
    database.prepare(
      `SELECT id, appended_at, crc, key, value FROM ${table} WHERE id >= ? AND id < ? ORDER BY id LIMIT ?`,
    )
  return {
    database,
    dense: select('records'),
    sparse: select('compacted'),
    start: database.prepare('SELECT start FROM partitions WHERE slot = ?'),
  }
}

const damaged = ({ place }: ReadRequest, offset: number, what: string): LogError =>
  new LogError('log_corrupt', `${file} is damaged: ${what} (${place}, offset ${offset}); restore it from a backup`)

/** A gap is retention's work if the partition now starts behind it, and damage otherwise. */
function explainGap(reader: Reader, request: ReadRequest, expected: number): LogError {
  const { start } = reader.start.get(request.slot) as { start: number }
  if (start <= expected) return damaged(request, expected, 'a record is missing')
  const message = `offset ${expected} of ${request.place} was removed by retention: the partition now starts at ${start}`
  return new LogError('offset_out_of_range', message)
}

function collect(reader: Reader, request: ReadRequest): { rows: Row[]; next: number } {
  const { slot, from, to, recordsMax, bytesMax, dense } = request
  const rows: Row[] = []
  let bytes = 0
  let expected = from
  const found = (dense ? reader.dense : reader.sparse).iterate(rowId(slot, from), rowId(slot, to), recordsMax)
  for (const row of found as Iterable<Row>) {
    bytes += (row.key?.length ?? 0) + (row.value?.length ?? 0)
    if (rows.length > 0 && bytes > bytesMax) return { rows, next: expected }
    const offset = offsetOf(row.id)
    if (dense && offset !== expected) throw explainGap(reader, request, expected)
    if (recordCrc(row.id, row.appended_at, row.key, row.value) !== row.crc) {
      throw damaged(request, offset, 'a record does not match its checksum')
    }
    rows.push(row)
    expected = offset + 1
  }
  if (rows.length === recordsMax) return { rows, next: expected }
  if (dense && expected < to) throw explainGap(reader, request, expected)
  return { rows, next: to }
}

function read(reader: Reader, request: ReadRequest): ReadReply {
  const { rows, next } = collect(reader, request)
  return {
    offsets: Float64Array.from(rows, (row) => offsetOf(row.id)),
    appendedAt: Float64Array.from(rows, (row) => row.appended_at),
    values: packValues(rows),
    next,
  }
}

let reader: Reader | undefined

port.on('message', (request: ReaderRequest) => {
  const post = (message: Reply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
  try {
    if (request.kind === 'close') {
      reader?.database.close()
      post({ id: request.id })
      port.close()
      return
    }
    reader ??= open()
    if (request.kind === 'checkpoint') {
      // The writer goes on meanwhile; what it adds is copied the next time.
      reader.database.exec('PRAGMA wal_checkpoint(PASSIVE)')
      post({ id: request.id })
      return
    }
    const result = read(reader, request)
    post({ id: request.id, result }, [result.values.bytes.buffer])
  } catch (error) {
    post({ id: request.id, error: explain(error, file) })
  }
})
