/**
 * Where an event is in the time of its key, and whether it may be learned. A sender's clock must not decide whether a
 * detector looks, nor teach it anything:
 *
 * - An event whose time was replaced is judged at the later of its key's newest time and its receipt, and never learned.
 * - A live event far behind the newest of its key from the same sender is judged at the key's newest time, and never
 *   learned: nobody can train a month in one minute, or hide in windows that closed long ago.
 * - The age of a key is measured in event time. For live events that time is never further back than the same bound
 *   before receipt: nobody can age an identity by back-dating.
 *
 * History, imports, `replay` and `prove` (no sender) use event time alone.
 */
import type { EventView } from '../../../schemas/event.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { KeyTable } from './key-table.ts'

export type Doubt = '' | 'missing' | 'ancient' | 'future' | 'behind'

/** One object for the life of a stage, pointed at event after event. */
export class Placing {
  /** Event time in ms at which the event is judged. */
  time = 0
  /** The event is older than the newest one of its key. */
  late = false
  /** The first event of its key, or the first one whose time is believed. */
  first = false
  /** When the key began, in the event's own time: `time - since` is how old it is. */
  since = 0
  /**
   * When others may say that it has happened: nobody makes peers of long standing in one minute. What arrives long after its
   * time is evidence from its receipt on.
   */
  evidenceTime = 0
  /** Why the event's own time is not believed; '' if it is. An event with a doubt is never learned. */
  doubt: Doubt = ''

  /** The event of the identity that `keys` has reached. */
  identity(keys: KeyTable, event: EventView): void {
    const { newest } = keys
    const live = event.history === 0 && event.sender !== ''
    this.doubt = event.time_flag === 'ok' ? '' : event.time_flag
    this.time = this.doubt === '' ? event.time : Math.max(newest, event.time)
    if (this.doubt === '' && live && event.time < keys.newestOf(event.sender) - LIMITS.event_behind_ms_max) {
      this.doubt = 'behind'
      this.time = newest
    }
    this.late = this.time < newest
    const seen = live ? Math.max(this.time, event.receipt_time - LIMITS.event_behind_ms_max) : this.time
    const delay = event.receipt_time - this.time
    this.evidenceTime = live && delay > LIMITS.event_ahead_ms_max ? event.receipt_time : this.time
    this.#begin(keys, seen)
    if (this.doubt === '') keys.advance(event.sender, event.time)
  }

  /** The same event in its session: after `identity`. */
  session(keys: KeyTable): void {
    this.late = this.time < keys.newest
    this.#begin(keys, this.time)
    if (this.doubt === '' && !this.late) keys.newest = this.time
  }

  /** A beginning whose time is not believed holds until an event brings one that is. */
  #begin(keys: KeyTable, seen: number): void {
    const believed = this.doubt === ''
    this.first = keys.since === 0 || (believed && keys.sinceIsProvisional)
    if (this.first) keys.begin(seen, !believed)
    this.since = this.time - (seen - keys.since)
  }
}
