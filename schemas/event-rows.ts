/**
 * Rows of events as frames of every version hold them, in the columns of today. The log is kept for a week, so a new
 * version meets frames of the one before it; a row of an old frame gets the columns that it lacks from what it says.
 */
import { contentId } from './content.ts'
import { blankEvent, EVENT_COLUMNS, EVENT_SCHEMA_VERSION, type Event, type EventRow, rowOf } from './event.ts'
import { FrameError } from './frame.ts'

/** Columns that version 1 did not have. It ended with `raw`, which nobody wrote. */
const SINCE_VERSION_2: ReadonlySet<string> = new Set(['content_id', 'time_ns', 'sequence', 'sender', 'session_derived'])
/** And what version 2 did not have. */
const SINCE_VERSION_3: ReadonlySet<string> = new Set(['call_record'])
const VERSION_2 = EVENT_COLUMNS.map(({ name }) => name as keyof Event).filter((name) => !SINCE_VERSION_3.has(name))
const VERSION_1 = VERSION_2.filter((name) => !SINCE_VERSION_2.has(name))

/** What a row of an earlier version says, by the columns that it has; `more` of them are read over at its end. */
function said(row: EventRow, version: number, columns: readonly (keyof Event)[], more = 0): Event {
  const length = columns.length + more
  if (row.length !== length) {
    throw new FrameError(`a row of event schema ${version} has ${length} columns, this one ${row.length}`)
  }
  return { ...blankEvent(), ...Object.fromEntries(columns.map((name, index) => [name, row[index]])) }
}

function fromVersion1(row: EventRow): EventRow {
  const event = said(row, 1, VERSION_1, 1)
  event.content_id = contentId(event)
  return rowOf(event)
}

const fromVersion2 = (row: EventRow): EventRow => rowOf(said(row, 2, VERSION_2))

/** Whether this version reads frames of that one. */
export const isEventSchema = (version: number): boolean => version >= 1 && version <= EVENT_SCHEMA_VERSION

/** Rows of a frame in today's columns. Throws FrameError for a version that is not known. */
export function eventRows(version: number, rows: readonly EventRow[]): readonly EventRow[] {
  if (version === EVENT_SCHEMA_VERSION) return rows
  if (version === 2) return rows.map(fromVersion2)
  if (version === 1) return rows.map(fromVersion1)
  throw new FrameError(`the frame has event schema ${version}, this version reads 1 to ${EVENT_SCHEMA_VERSION}`)
}
