/** What goes between a command and a thread that reads for it. */
import type { Mapping } from '../../../lib/mappings/schema.ts'
import type { CalledThreadData } from '../../lib/called-thread.ts'
import type { Unit, UnitRead } from './unit.ts'

export interface ThreadData extends CalledThreadData {
  readonly mappings: readonly Mapping[]
}

/** What the thread may be asked for. */
export type ThreadProcedures = {
  readonly read: (unit: Unit) => UnitRead
}
