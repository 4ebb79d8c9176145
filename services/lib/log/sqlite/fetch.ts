/** Asks the reading worker for a run of records and turns the answer into records; values are views, not copies. */
import { unpackRecords } from '../packed-records.ts'
import type { LogRecord } from '../port.ts'
import type { Catalog } from './catalog.ts'
import type { ReadReply } from './protocol.ts'
import type { WorkerClient } from './worker-client.ts'

/** Records of a slot from `from` up to, not including, `to`; `next` is where to read on. */
export type Fetch = (
  slot: number,
  from: number,
  to: number,
  recordsMax: number,
  bytesMax: number,
) => Promise<{ records: LogRecord[]; next: number }>

export function createFetch(reader: WorkerClient, catalog: Catalog): Fetch {
  return async (slot, from, to, recordsMax, bytesMax) => {
    const request = { kind: 'read', slot, from, to, recordsMax, bytesMax, ...catalog.readable(slot) }
    const reply = await reader.request<ReadReply>(request)
    return { records: unpackRecords(reply), next: reply.next }
  }
}
