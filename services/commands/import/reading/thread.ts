/** A thread that reads units. */
import { workerData } from 'node:worker_threads'
import { createCalls } from '../../../lib/calls.ts'
import type { Request, Unreadable } from '../requests.ts'
import { asBuffer } from '../../../lib/as-buffer.ts'
import type { ThreadData, ThreadProcedures } from './protocol.ts'
import { createReadUnit } from './unit.ts'

const { calls, mappings } = workerData as ThreadData
const readUnit = createReadUnit(mappings)

const withBuffer = (request: Request | Unreadable): Request | Unreadable =>
  'problem' in request ? request : { ...request, body: asBuffer(request.body) }

const procedures: ThreadProcedures = {
  read: ({ file, requests }) => readUnit({ file, requests: requests.map(withBuffer) }),
}
createCalls<Record<never, never>>(calls, procedures)
