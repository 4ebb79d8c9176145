/** Some requests of a file to packed events: what reading computes, in whichever thread. */
import { createFormats } from '../../../collector/formats/formats.ts'
import { type NormaliseContext, normaliseBody } from '../../../collector/normalise.ts'
import type { Mapping } from '../../../lib/mappings/schema.ts'
import type { Event } from '../../../../schemas/event.ts'
import { importContext } from '../context.ts'
import type { Request, Unreadable } from '../requests.ts'
import { type PackedEvents, packEvents } from '../packed.ts'

/** Rejected records that are reported in full. */
export const TOLD_MAX = 5

/** Requests that follow each other in a file. */
export interface Unit {
  readonly file: string
  readonly requests: readonly (Request | Unreadable)[]
}

/** What became of a unit. */
export interface UnitRead extends PackedEvents {
  readonly records: number
  readonly rejected: number
  /** The first few rejected records, as sentences with file and line. */
  readonly told: readonly string[]
  /** The first reason why something of it became no event. */
  readonly reason: string | undefined
}

/** What became of one request. */
interface RequestRead {
  readonly records: number
  readonly events: readonly Event[]
  /** Of each rejected record: what was wrong, as a sentence. */
  readonly rejected: readonly string[]
  readonly reason: string | undefined
}

/** A request of which nothing became an event. */
const unusable = (place: string, detail: string, reason: string): RequestRead => ({
  records: 1,
  events: [],
  rejected: [`${place}, record 1: ${detail}`],
  reason,
})

function readRequest(file: string, request: Request | Unreadable, context: NormaliseContext): RequestRead {
  const place = `${file}: request at line ${request.line}`
  if ('problem' in request) return unusable(place, request.problem, request.problem)
  const result = normaliseBody(request.format, request.body, request.ndjson ? 'lines' : 'json', context)
  if (!result.ok) {
    const detail = `${result.detail}${result.position === undefined ? '' : ` (byte ${result.position})`}`
    return unusable(place, detail, `line ${request.line}: ${detail}`)
  }
  const rejected = result.rejected.map(({ index, detail }) => `${place}, record ${index + 1}: ${detail}`)
  return { records: result.records, events: result.events, rejected, reason: rejected[0] }
}

export type ReadUnit = (unit: Unit) => UnitRead

/** What it remembers of names and texts serves all units that it reads. */
export function createReadUnit(mappings: readonly Mapping[]): ReadUnit {
  const context = { ...importContext(), formats: createFormats(mappings) }
  return ({ file, requests }) => {
    const read = requests.map((request) => readRequest(file, request, context))
    const rejected = read.flatMap((one) => one.rejected)
    return {
      ...packEvents(read.flatMap(({ events }) => events)),
      records: read.reduce((sum, { records }) => sum + records, 0),
      rejected: rejected.length,
      told: rejected.slice(0, TOLD_MAX),
      reason: read.find(({ reason }) => reason !== undefined)?.reason,
    }
  }
}
