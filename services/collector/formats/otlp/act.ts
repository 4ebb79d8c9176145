/** What a reader of OTLP records makes of one record: one or more acts, each of which becomes an event. */
import type { Parts } from '../../indicators/index.ts'
import type { Fields } from '../format.ts'

export interface Act {
  /**
   * Parts of the producer's own id besides identity, session and time. Undefined: the record brings no id, so that its
   * body makes one.
   */
  readonly id: readonly string[] | undefined
  /** If present, it is the whole id: every request of a conversation reports the same act again. */
  readonly wholeId?: readonly string[]
  readonly sourceId: string
  /** It is a call of a tool, and `sourceId`, if there is one, is the id of that call. */
  readonly isCall?: true
  /** What this act says beyond the fields common to all records. */
  readonly fields: Fields
  readonly parts?: Parts
}
