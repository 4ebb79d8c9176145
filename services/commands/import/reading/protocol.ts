/** What goes between a command and a thread that reads for it. */
import type { MessagePort } from 'node:worker_threads'
import type { Mapping } from '../../../lib/mappings/schema.ts'
import type { Unit, UnitRead } from './unit.ts'

export interface ThreadData {
  readonly calls: MessagePort
  readonly mappings: readonly Mapping[]
}

/** What the thread may be asked for. */
export type ThreadProcedures = {
  readonly read: (unit: Unit) => UnitRead
}

/** A message carries a buffer as plain bytes. */
export const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)
