/**
 * The sheet on which a normaliser notes what became of each record of a request. A record that a bug stumbles over is
 * noted like any other bad record, so that its neighbours are processed.
 */
import type { Event } from '../../../../schemas/event.ts'
import type { DeadLetterReason } from '../../../../schemas/dead-letter.ts'
import { redactText } from '../../redaction/redact.ts'
import { recordText } from './json.ts'
import type { Normalised, Rejected } from '../types.ts'

/** Why a record became no event. */
export interface Problem {
  readonly reason: DeadLetterReason
  readonly detail: string
}

export type Made = { readonly events: readonly Event[] } | Problem

export interface Sheet {
  /** Processes the next record of the request. */
  record(record: unknown, make: () => Made): void
  /** Notes fields that were not understood and left out. */
  ignore(field: string): void
  done(): Normalised
}

const IGNORED_FIELDS_MAX = 64

export function createSheet(): Sheet {
  const events: Event[] = []
  const rejected: Rejected[] = []
  const ignored = new Map<string, number>()
  let index = 0

  const attempt = (make: () => Made): Made => {
    try {
      return make()
    } catch (error) {
      const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      return { reason: 'poison', detail: `a bug met this record, please report it: ${redactText(said).slice(0, 512)}` }
    }
  }

  return {
    record(record, make) {
      const made = attempt(make)
      if ('events' in made) for (const event of made.events) events.push(event)
      else rejected.push({ index, reason: made.reason, detail: made.detail, record: recordText(record) })
      index += 1
    },
    ignore(field) {
      const key = redactText(field.slice(0, 64))
      if (ignored.has(key) || ignored.size < IGNORED_FIELDS_MAX) ignored.set(key, (ignored.get(key) ?? 0) + 1)
    },
    done: () => ({ events, rejected, records: index, ignored: Object.fromEntries(ignored) }),
  }
}
