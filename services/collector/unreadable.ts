/** What is kept of bytes that could not be read at all: one bad record, as a dead letter holds it. */
import { bytesRecord } from './raw/bytes-record.ts'
import type { Prepared, RefusedJob } from './preparing/index.ts'

/** Poison if they ended a thread, otherwise malformed. */
export const unreadable = (value: Buffer, { detail, position, deadly }: RefusedJob): Prepared => ({
  lines: new Map(),
  untimed: new Map(),
  unclear: [],
  events: 0,
  source: undefined,
  rejected: [
    {
      index: 0,
      reason: deadly === true ? 'poison' : 'malformed',
      detail: position === undefined ? detail : `${detail} (byte ${position})`,
      record: bytesRecord(value),
    },
  ],
  records: 1,
  ignored: {},
})
