/** Normalised events as they wait for their receipt time: in compressed blocks, the form of a frame, about 50 bytes each. */
import { EVENT_SCHEMA_VERSION, type Event, type EventRow, rowOf } from '../../../schemas/event.ts'
import { encodeFrame } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'

/** The receipt time while the real one is not known: later than every event, so that none counts as future. */
export const PROVISIONAL_RECEIPT_MS = 8_640_000_000_000_000

const BLOCK_ROWS = 2_000

export interface PackedEvents {
  /** Frames, in order. */
  readonly blocks: readonly Uint8Array[]
  readonly events: number
  /** Time of the newest event whose time is its own, in ms since 1970. */
  readonly newest: number
}

export interface Packer {
  /** Takes events that were normalised with PROVISIONAL_RECEIPT_MS. */
  add(events: readonly Event[]): void
  /** All that was added. */
  take(): PackedEvents
}

export function createPacker(): Packer {
  const blocks: Buffer[] = []
  let waiting: EventRow[] = []
  let count = 0
  let newest: number = LIMITS.event_time_ms_min
  const pack = (): void => {
    blocks.push(encodeFrame(waiting, { schema: EVENT_SCHEMA_VERSION, receiptTime: 0 }))
    waiting = []
  }
  return {
    add(events) {
      for (const event of events) {
        if (event.time_flag === 'ok' && event.time > newest) newest = event.time
        waiting.push(rowOf(event))
        count++
        if (waiting.length === BLOCK_ROWS) pack()
      }
    },
    take() {
      if (waiting.length > 0) pack()
      return { blocks, events: count, newest }
    },
  }
}
