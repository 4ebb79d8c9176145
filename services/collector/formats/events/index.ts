/**
 * The canonical event as producers send it: one object, a list, or objects one after another. They may set every field
 * of `schemas/event.ts` but those that the collector decides (tenant, event_id, receipt_time, time_flag, history,
 * identity_assurance, source and the indicator columns), and in addition:
 *
 *   id                 the producer's own id of the event (also source_id, event.id)
 *   time               ISO 8601, or s, ms, us or ns since 1970 (also timestamp, @timestamp, date)
 *   agent              the same as identity
 *   arguments, result  of a tool call; message: what the user said. Read for indicators, contacts and target, not kept
 *   credential_secret  the secret itself; kept as its keyed hash
 *
 * A field that has the wrong type makes the record a dead letter that names the field. A field that nobody knows is left
 * out and counted in the answer, because shippers add their own.
 */
import { Event } from '../../../../schemas/event.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Validator, validator } from '../../../../schemas/columns.ts'
import Type, { type TSchema } from 'typebox'
import { DECIDED } from '../../../lib/mappings/schema.ts'
import type { Parts } from '../../indicators/index.ts'
import { isSecret } from '../../redaction/redact.ts'
import { type Caller, type Contacts, contactsOf, isAboutHosts, joinContacts, namedContact } from '../lib/contacts.ts'
import { at, isObject, type Json, parsedText, textOf } from '../lib/json.ts'
import { targetOf } from '../lib/targets.ts'
import { readNanos, readTime } from '../lib/times.ts'
import { activityOf } from '../lib/verbs.ts'
import type { Draft, Fields, Format, NormaliseContext, Problem, RecordContext } from '../format.ts'
import { NAMES } from './names.ts'

const TIME_NAMES = ['time', 'timestamp', '@timestamp', 'date', 'event_time']
const ID_NAMES = ['id', 'source_id', 'event.id']
const EXTRAS = new Set([...TIME_NAMES, ...ID_NAMES, 'agent', 'arguments', 'result', 'message', 'credential_secret'])

/** A field as a producer may give it: longer than a column, because texts are cut, not refused. */
function loosened(schema: TSchema): TSchema {
  const given = schema as { type?: string; items?: TSchema; maxItems?: number }
  if (given.type === 'string') return Type.String({ maxLength: LIMITS.body_bytes_max })
  if (given.type === 'array') return Type.Array(Type.String(), { maxItems: 1_024 })
  return schema
}

const FIELDS: ReadonlyMap<string, Validator<unknown>> = new Map(
  Object.entries(Event.properties)
    .filter(([name]) => !DECIDED.has(name) && !EXTRAS.has(name))
    .map(([name, schema]) => [name, validator(loosened(schema))]),
)

/** The first of these names that says something; where none does, one that stands there empty. */
const firstName = (record: Json, names: readonly string[]): string | undefined => {
  const there = names.filter((name) => (at(record, name) ?? null) !== null)
  return there.find((name) => at(record, name) !== '') ?? there[0]
}

const first = (record: Json, names: readonly string[]): unknown => {
  const name = firstName(record, names)
  return name === undefined ? undefined : at(record, name)
}

/** The event time in ms. One that stands there and cannot be read is named in the answer: the event does not have it. */
function timeOf(given: unknown, name: string | undefined, context: RecordContext): number | undefined {
  const time = readTime(given)
  if (time === undefined && name !== undefined) context.ignore(name)
  return time
}

type Read = { readonly fields: Record<string, unknown> } | { readonly problem: string }

/** The known fields of a record, each checked separately so that the answer can name it. */
function readFields(record: Json, context: RecordContext): Read {
  const fields: [string, unknown][] = []
  for (const [name, value] of Object.entries(record)) {
    if (value === null || EXTRAS.has(name)) continue
    const check = FIELDS.get(name)
    if (check === undefined) {
      context.ignore(name)
    } else if (check.check(value)) {
      fields.push([name, value])
    } else {
      const said = check.problems(value)[0]
      return {
        problem: `the field ${name} ${said?.message ?? 'has the wrong type'}: see docs/formats.md for its values`,
      }
    }
  }
  return { fields: Object.fromEntries(fields) }
}

function partsOf(record: Json, action: string, context: NormaliseContext): Parts | undefined {
  const message = typeof record.message === 'string' && record.message !== '' ? record.message : undefined
  const { arguments: args, result } = record
  if (message === undefined && (args ?? result ?? undefined) === undefined) return undefined
  return {
    ...(message === undefined ? {} : { task: context.extractor.userMessage(message) }),
    ...(args === undefined || args === null
      ? {}
      : { call: context.extractor.toolCall({ name: action, arguments: args }) }),
    ...(result === undefined || result === null
      ? {}
      : { result: context.extractor.toolResult({ name: action, arguments: args, result }) }),
  }
}

/** The hosts of a target that is a place: an act on a URL is a contact with its host, also where no peer is named. */
function placeContact({ target = '', target_kind: kind = '' }: Fields, caller: Caller): Contacts {
  if (kind === 'host' && !isAboutHosts(caller.name)) return namedContact(target)
  const isUrl = (kind === '' || kind === 'url') && target.includes('://')
  return contactsOf(isUrl ? { target } : undefined, caller)
}

/** What the arguments say where the producer did not say it himself. */
function derivedFields(record: Json, fields: Fields, action: string): Fields {
  const activity = fields.activity ?? activityOf(action)
  const reads = activity === 'read' || activity === 'list'
  const args = parsedText(record.arguments)
  const target = targetOf(args, action)
  // A producer that names the command itself may leave the arguments out.
  const asked = fields.target_kind === 'command' && args === undefined ? { command: fields.target } : args
  const caller = { name: action, sends: !reads }
  const acted = joinContacts(contactsOf(asked, caller), placeContact(fields, caller))
  const contacts = joinContacts(namedContact(fields.peer ?? ''), acted)
  const { domains } = joinContacts({ peer: '', domains: fields.peer_domains ?? [] }, contacts)
  const called = (args ?? record.result ?? undefined) !== undefined
  return {
    kind: fields.kind ?? (action === 'user.message' ? 'message' : called ? 'tool' : 'api'),
    activity,
    outcome: fields.outcome ?? ((record.result ?? undefined) === undefined ? 'unknown' : 'success'),
    ...(fields.target === undefined ? { target: target.target, target_kind: fields.target_kind ?? target.kind } : {}),
    peer: contacts.peer,
    peer_domains: [...domains],
  }
}

function credentialOf(record: Json, fields: Fields, context: NormaliseContext): string {
  const secret = textOf(record.credential_secret)
  if (secret !== '') return context.hashCredential(secret)
  const given = fields.credential ?? ''
  // A producer that sends the secret as its id has leaked it to us: it is kept as every other secret.
  return given !== '' && isSecret(given) ? context.hashCredential(given) : given
}

/** The record without when and where it was received; its id is made of this if it brings none. */
const bodyOf = (record: Json): unknown =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name === 'time' || !DECIDED.has(name)))

/** Whether a record says who did something or what was done; nothing else makes it an event. */
const isEvent = (value: unknown): value is Json =>
  isObject(value) && [value.identity, value.agent, value.action].some((named) => textOf(named) !== '')

function drafts(record: unknown, context: RecordContext): readonly Draft[] | Problem {
  if (!isObject(record)) return { reason: 'malformed', detail: 'the event is not a JSON object' }
  if (!isEvent(record)) return { reason: 'malformed', detail: 'the fields identity (or agent) and action are missing' }
  const read = readFields(record, context)
  if ('problem' in read) return { reason: 'invalid', detail: read.problem }
  const fields = read.fields as Fields
  const identity = fields.identity || textOf(record.agent)
  const action = fields.action || (typeof record.message === 'string' ? 'user.message' : '')
  if (identity === '' || action === '') {
    return {
      reason: 'unnamed',
      detail: `the field ${identity === '' ? 'identity' : 'action'} is missing: an event says who did what`,
    }
  }
  const sourceId = textOf(first(record, ID_NAMES))
  const parts = partsOf(record, action, context)
  const timeName = firstName(record, TIME_NAMES)
  const given = timeName === undefined ? undefined : at(record, timeName)
  const draft: Draft = {
    id: sourceId === '' ? { body: bodyOf(record) } : [identity, sourceId],
    time: timeOf(given, timeName, context),
    timeNs: readNanos(given),
    // The fields are ours, and a copy of some twenty would cost as much as reading them.
    fields: Object.assign(fields, derivedFields(record, fields, action), {
      identity,
      action,
      source_id: sourceId,
      identity_assurance: context.assurance,
      credential: credentialOf(record, fields, context),
    }),
    ...(parts === undefined ? {} : { parts }),
  }
  return [draft]
}

const looksLikeEvent = (value: unknown): boolean =>
  isObject(value) &&
  (typeof value.identity === 'string' || typeof value.agent === 'string') &&
  (typeof value.action === 'string' || typeof value.message === 'string')

export const events: Format = {
  id: 'events',
  title: 'canonical events',
  address: '/v1/events',
  takes: 'JSON objects with identity (or agent) and action, one, a list or lines (docs/formats.md)',
  names: NAMES,
  recognises: (value) => looksLikeEvent(Array.isArray(value) ? value[0] : value),
  records: (value) => (Array.isArray(value) ? value : [value]),
  drafts,
}
