/**
 * From the values of one request to canonical events, record by record: the one way for all formats, so that an event's id
 * depends on the producer's data and not on the way it came. A record that a bug stumbles over is noted like any other bad
 * record, so that its neighbours are read.
 */
import type { DeadLetterReason } from '../../../schemas/dead-letter.ts'
import type { Event } from '../../../schemas/event.ts'
import type { Excerpt } from '../../../schemas/excerpt.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Parts } from '../indicators/index.ts'
import { redactText } from '../redaction/redact.ts'
import type { CarriedRecord, Draft, Format, FormatChoice, FormatId, NormaliseContext, Problem } from './format.ts'
import { CARRIERS_MAX, carriedBy } from './lib/carriers.ts'
import { finish } from './lib/finish.ts'
import { createIds, type MakeId } from './lib/ids.ts'
import { recordText } from './lib/json.ts'
import { createPacked, type Packed } from './lib/packed.ts'
import { readNanos, readTime } from './lib/times.ts'
import { BUILT_IN, type Formats } from './formats.ts'
import { inOrderOfTime } from './in-order.ts'

/** A value of a request and how it is to be read, or what of the request could not be read, with its reason. */
export type Envelope =
  | {
      readonly format: FormatChoice
      readonly value: unknown
      /** What makes it unique where its records have no ids: a place in a file, labels and time of a line. */
      readonly place?: string
      /** When what carries it says that it was made, as `readTime` reads it; counts where a record does not say its time. */
      readonly time?: unknown
      /** Line of the body at which it starts, from 1, where the body holds several. */
      readonly line?: number
    }
  | { readonly problem: Problem; readonly record: unknown; readonly line?: number }

/** A record that became no event, and why. `record` is redacted and cut. */
export interface Rejected {
  /** Number of the record within its request, from 0. */
  readonly index: number
  readonly reason: DeadLetterReason
  /** A sentence for a person: what was wrong, where, what to do. */
  readonly detail: string
  /** Line of the body, from 1, where the detail does not say it and the body holds several values. */
  readonly line?: number
  readonly record: string
}

/** What is reported about a request besides its events. */
export interface Account {
  /** The format of its events; without events, the one in which it was to be read. */
  readonly source: FormatId | undefined
  readonly rejected: Rejected[]
  /** Records that the request held; one record may become several events. */
  readonly records: number
  /** Names of fields that were not understood and left out, with their number. Empty for most requests. */
  readonly ignored: Readonly<Record<string, number>>
}

export interface Normalised extends Account {
  /** In the order in which they happened, as far as their times tell. */
  readonly events: Event[]
  /** The words that are kept of them; empty if none. */
  readonly excerpts: Excerpt[]
}

/** A request of which nothing was taken. */
export interface Refused {
  readonly ok: false
  readonly status: 400 | 413
  /** Byte of the body, from 0; undefined where the fault has no place. */
  readonly position?: number
  /** A sentence for a person. */
  readonly detail: string
}

export type NormaliseResult = ({ readonly ok: true } & Normalised) | Refused

/** Works through the records one at a time and yields after each, so that a large request can share the event loop. */
export type Steps = Generator<undefined, NormaliseResult, undefined>

export const refused = (detail: string, status: 400 | 413 = 400): Refused => ({ ok: false, status, detail })

const IGNORED_FIELDS_MAX = 64
const IGNORED_CHARS_MAX = 64
/** The record was of another kind. A request with no other records is refused, because its sender takes 200 as stored. */
const NO_RECORD: ReadonlySet<DeadLetterReason> = new Set(['malformed', 'unsupported'])

const expected = ({ all }: Formats): string => all.map(({ title, takes }) => `${title} (${takes})`).join('; ')

function createIgnored() {
  const counts = new Map<string, number>()
  return {
    ignore(field: string) {
      const key = redactText(field.slice(0, LIMITS.text_chars_max)).slice(0, IGNORED_CHARS_MAX)
      if (counts.has(key) || counts.size < IGNORED_FIELDS_MAX) counts.set(key, (counts.get(key) ?? 0) + 1)
    },
    counts: () => Object.fromEntries(counts),
  }
}

interface Placed {
  readonly line?: number
}
interface Found extends Placed {
  readonly format: Format
  readonly record: unknown
  readonly makeId: MakeId
  /** Of what carried it; undefined where nothing did or said it. */
  readonly time: unknown
  /** Whether its id is made with its place. */
  readonly hasPlace: boolean
}

type Entry = Found | (Placed & { readonly record: unknown; readonly problem: Problem })

/** Whatever else could be read of it by accident: a record of another format says other things in the same words. */
const belongsTo = ({ title, address }: Format): string => `this is ${title}: it goes to ${address}`

/** Whether the format knows the value, or any record in it: a stranger in front takes no other with it. */
function isOwn(format: Format, value: unknown): boolean {
  if (format.recognises(value)) return true
  const records = format.records(value)
  return Array.isArray(records) && records.some((record) => format.recognises(record))
}

/** What all values of a request have in common. */
interface Shared {
  readonly makeId: MakeId
  readonly packed: Packed
}

/** The format of what a record carries: as it says, or what it looks like. */
const formatOf = ({ format, record }: CarriedRecord, formats: Formats): Format | undefined =>
  format === 'auto' ? formats.recognise(record) : formats.of(format)

/** The records of an envelope; one that holds none is an entry with its reason. */
function* entriesOf(envelope: Envelope, formats: Formats, shared: Shared, depth = 0): Generator<Entry> {
  if ('problem' in envelope) {
    yield envelope
    return
  }
  const { value } = envelope
  const placed: Placed = envelope.line === undefined ? {} : { line: envelope.line }
  const named = formats.has(envelope.format) ? formats.of(envelope.format) : undefined
  const other = named === undefined || isOwn(named, value) ? undefined : formats.recognise(value)
  if (other !== undefined) {
    yield { ...placed, record: value, problem: { reason: 'malformed', detail: belongsTo(other) } }
    return
  }
  const carriers = named === undefined || !isOwn(named, value) ? carriedBy(value, shared.packed) : undefined
  const format = envelope.format === 'auto' ? formats.recognise(value) : named
  if (carriers !== undefined && depth < CARRIERS_MAX && format?.recognises(value) !== true) {
    for (const one of carriers) yield* entriesOf({ ...envelope, ...one }, formats, shared, depth + 1)
    return
  }
  const records = format?.records(value) ?? { refused: `of no known format. Taken are: ${expected(formats)}` }
  if (format === undefined || 'refused' in records) {
    const detail = 'refused' in records ? records.refused : ''
    yield { ...placed, record: value, problem: { reason: 'malformed', detail } }
    return
  }
  const own = format.valueIsRequest === true || envelope.place !== undefined
  const makeId = own ? createIds(envelope.place) : shared.makeId
  for (const record of records) {
    const found = { ...placed, format, record, makeId, time: envelope.time, hasPlace: envelope.place !== undefined }
    const carried = format.carries?.(record)
    const inner = carried === undefined ? undefined : formatOf(carried, formats)
    yield carried === undefined || inner === undefined
      ? found
      : { ...found, format: inner, record: carried.record, time: carried.time ?? found.time }
  }
}

/** All entries of a request; undefined if there are too many. */
function allEntries(envelopes: readonly Envelope[], formats: Formats): Entry[] | undefined {
  const entries: Entry[] = []
  const shared: Shared = { makeId: createIds(), packed: createPacked() }
  for (const envelope of envelopes) {
    for (const entry of entriesOf(envelope, formats, shared)) {
      if (entries.push(entry) > LIMITS.records_per_request_max) return undefined
    }
  }
  return entries
}

const TOO_MANY_ACTS: Problem = {
  reason: 'invalid',
  detail: `the record describes more than ${LIMITS.acts_per_record_max} acts: send one record for each turn of the conversation`,
}
const TOO_LONG_FOR_IDS: Problem = {
  reason: 'invalid',
  detail:
    'the record describes many acts without ids in a very long text: give each call its id, or send a record for each',
}

/** The words that are kept of an event. */
function excerptsOf(event: Event, { task, call, result }: Parts): Excerpt[] {
  const { tenant, event_id, identity, receipt_time } = event
  const told = [
    ...(task?.excerpts ?? []).map((text) => ({ kind: 'task', text }) as const),
    ...(result?.excerpts ?? []).map((text) => ({ kind: 'order', text }) as const),
  ]
  const bodies = [
    { kind: 'message', text: task?.body ?? '' } as const,
    { kind: 'arguments', text: call?.body ?? '' } as const,
    { kind: 'result', text: result?.body ?? '' } as const,
  ]
  return [...told.slice(0, LIMITS.excerpts_per_event_max), ...bodies.filter(({ text }) => text !== '')].map(
    ({ kind, text }, place) => ({ tenant, event_id, place, kind, identity, text, receipt_time }),
  )
}

/**
 * The time of what carried a record, where it says none itself; without an id of its own that time tells it from another with
 * the same words.
 */
function timed(draft: Draft, { time, hasPlace }: Found): Draft {
  const read = draft.time === undefined ? readTime(time) : undefined
  if (read === undefined) return draft
  const id = 'body' in draft.id && !hasPlace ? { body: { carried: String(time), record: draft.id.body } } : draft.id
  return { ...draft, id, time: read, timeNs: readNanos(time) }
}

/** The events of one record, or why it became none. */
function eventsOf(found: Found, context: Parameters<Format['drafts']>[1], excerpts: Excerpt[]): Event[] | Problem {
  const { format, record, makeId } = found
  const made = format.drafts(record, context)
  if ('reason' in made) return made
  if (made.length > LIMITS.acts_per_record_max) return TOO_MANY_ACTS
  const hashed = made.reduce((sum, { id }) => sum + ('canonical' in id ? id.canonical.length : 0), 0)
  if (made.length > 1 && hashed > LIMITS.record_hash_chars_max) return TOO_LONG_FOR_IDS
  const events: Event[] = []
  for (const one of made) {
    const draft = timed(one, found)
    const finished = finish(format.id, makeId(draft.id), draft, context)
    if ('reason' in finished) return finished
    events.push(finished)
    if (draft.parts !== undefined) excerpts.push(...excerptsOf(finished, draft.parts))
  }
  return events
}

function attempt(make: () => Event[] | Problem): Event[] | Problem {
  try {
    return make()
  } catch (error) {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return { reason: 'poison', detail: `a bug met this record, please report it: ${redactText(said).slice(0, 512)}` }
  }
}

const tooMany = (): Refused =>
  refused(`at most ${LIMITS.records_per_request_max} records are taken in one request: send it in smaller parts`, 413)

/** Characters of a row besides its indicators and hashes: an estimate from below. */
const ROW_CHARS = 512
const HASH_CHARS = 20

const tooManyEvents = (): Refused =>
  refused('the request becomes more events than one request may: send it in smaller parts', 413)

/** The formats in which envelopes are to be read, each once. */
const formatsOf = (envelopes: readonly Envelope[]): FormatId[] => [
  ...new Set(envelopes.flatMap((one) => ('problem' in one || one.format === 'auto' ? [] : [one.format]))),
]

/** If a request contains no record: the first reason, and what is taken. */
function refusedWhole(
  envelopes: readonly Envelope[],
  rejected: readonly Rejected[],
  all: Formats,
): Refused | undefined {
  const [first] = rejected
  if (first === undefined || !rejected.every(({ reason }) => NO_RECORD.has(reason))) return undefined
  const formats = formatsOf(envelopes).map(all.of)
  const other = envelopes.map((one) => ('problem' in one ? undefined : all.recognise(one.value))).find(Boolean)
  if (other !== undefined && formats.length > 0 && !formats.includes(other)) return refused(belongsTo(other))
  const takes = formats.map(({ title, takes: forms }) => `${title}, ${forms}`).join('; or ')
  return refused(takes === '' ? first.detail : `${first.detail}. Taken here: ${takes}`)
}

/** Reads one request. Never throws. */
export function* envelopeSteps(envelopes: readonly Envelope[], context: NormaliseContext): Steps {
  const formats = context.formats ?? BUILT_IN
  const entries = allEntries(envelopes, formats)
  if (entries === undefined) return tooMany()
  const ignored = createIgnored()
  const reading = { ...context, ignore: ignored.ignore }
  const events: Event[] = []
  const rejected: Rejected[] = []
  const excerpts: Excerpt[] = []
  let chars = 0
  for (const [index, entry] of entries.entries()) {
    const made = 'problem' in entry ? entry.problem : attempt(() => eventsOf(entry, reading, excerpts))
    if ('reason' in made) {
      const placed = entry.line === undefined ? {} : { line: entry.line }
      rejected.push({ index, ...placed, ...made, record: recordText(entry.record) })
    } else {
      for (const event of made) {
        // Orders events with the same time.
        event.sequence = events.length
        events.push(event)
        chars += ROW_CHARS + event.indicators.length + HASH_CHARS * event.value_hashes.length
      }
      if (events.length > LIMITS.events_per_request_max || chars > LIMITS.prepared_chars_max) return tooManyEvents()
    }
    yield
  }
  const whole =
    events.length === 0 && context.refuses !== false ? refusedWhole(envelopes, rejected, formats) : undefined
  if (whole !== undefined) return whole
  const source = events[0]?.source ?? formatsOf(envelopes)[0]
  const account = { excerpts, rejected, records: entries.length, ignored: ignored.counts() }
  return { ok: true, source, events: inOrderOfTime(events), ...account }
}
