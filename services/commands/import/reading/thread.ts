/** A thread that reads requests of files. */
import { type MessagePort, workerData } from 'node:worker_threads'
import type { Mapping } from '../../../lib/mappings/schema.ts'
import { createCalls } from '../../../lib/calls.ts'
import type { Request, Unreadable } from '../requests.ts'
import { createRead, type Reading } from './read.ts'

export interface ThreadData {
  readonly mappings: readonly Mapping[]
  readonly calls: MessagePort
}

/** What a thread may be asked for. */
export type ThreadProcedures = {
  readonly read: (requests: readonly (Request | Unreadable)[]) => Reading
}

const { mappings, calls } = workerData as ThreadData
const read = createRead(mappings)

/** A buffer arrives from another thread as bare bytes. */
const received = (request: Request | Unreadable): Request | Unreadable =>
  'problem' in request
    ? request
    : { ...request, body: Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength) }

const procedures: ThreadProcedures = { read: (requests) => read(requests.map(received)) }
createCalls(calls, procedures)
