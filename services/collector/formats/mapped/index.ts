/**
 * A format that a mapping describes. What the mapping finds in a record is a canonical event as its producer might have
 * sent it, and is read like one; its id, its time and who vouches for it are the mapping's.
 */
import { ASSURANCES, Event } from '../../../../schemas/event.ts'
import { MAPPING_LIMITS } from '../../../lib/mappings/limits.ts'
import { pathOf } from '../../../lib/mappings/path.ts'
import type { Mapping, Value } from '../../../lib/mappings/schema.ts'
import { events } from '../events/index.ts'
import type { Assurance, Draft, Format, FormatNames, Problem } from '../format.ts'
import { cleanId, joined } from '../lib/clean.ts'
import { isObject, textOf } from '../lib/json.ts'
import { outcomeOfWord } from '../lib/outcomes.ts'
import { readNanos, readTime } from '../lib/times.ts'
import { apiActivityOf, methodActivity } from '../lib/verbs.ts'
import { conditionOf, numberOf, type Reading, valueOf, walk, words } from './values.ts'

interface Column {
  readonly type?: string
  readonly enum?: readonly string[]
}
const COLUMNS: ReadonlyMap<string, Column> = new Map(Object.entries(Event.properties) as [string, Column][])

/** Words of people for columns that know few. */
const MEANT: ReadonlyMap<string, (word: string) => string> = new Map<string, (word: string) => string>([
  ['outcome', outcomeOfWord],
  [
    'activity',
    (word) => {
      const method = methodActivity(word)
      return method === 'unknown' ? apiActivityOf(word) : method
    },
  ],
])

/** A value as the column holds it; undefined leaves the column alone. */
type Fit = (found: unknown) => unknown

/** Texts that are read and dropped, and may be structures. */
const READ_ALONE: ReadonlySet<string> = new Set(['arguments', 'result', 'message', 'credential_secret'])

function fitOf(name: string): Fit {
  if (READ_ALONE.has(name)) return name === 'arguments' || name === 'result' ? (found) => found : words
  const column = COLUMNS.get(name) ?? {}
  if (column.enum !== undefined) {
    const allowed = new Set(column.enum)
    const meant = MEANT.get(name)
    return (found) => {
      const word = words(found).trim().toLowerCase()
      return allowed.has(word) || meant === undefined ? word : meant(word)
    }
  }
  if (column.type === 'number' || column.type === 'integer') {
    return (found) => {
      const number = numberOf(found)
      return Number.isFinite(number) && number >= 0
        ? column.type === 'integer'
          ? Math.floor(number)
          : number
        : undefined
    }
  }
  if (column.type === 'array') {
    return (found) =>
      (Array.isArray(found) ? found : [found])
        .slice(0, MAPPING_LIMITS.list_items_max)
        .map(textOf)
        .filter((text) => text !== '')
  }
  return (found) => words(found) || undefined
}

/** Instants among the columns, which producers write as times. */
const INSTANTS: ReadonlySet<string> = new Set(['approval_expires'])

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const COMMON_LOG = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4})$/

/** Times as producers write them, also as in Apache's common log: `10/Oct/2026:13:55:36 +0200`. */
function timeText(value: unknown): unknown {
  const [, day, month = '', year, clock, zone] = COMMON_LOG.exec(typeof value === 'string' ? value.trim() : '') ?? []
  const number = MONTHS.indexOf(month) + 1
  return number === 0 ? value : `${year}-${String(number).padStart(2, '0')}-${day}T${clock}${zone}`
}

const saidOf = (value: Value | undefined): string => {
  if (value === undefined) return 'none'
  if (typeof value === 'string') return value
  if (value.path !== undefined) return [value.path].flat().join(', else ')
  return value.template ?? (value.cases === undefined ? `"${value.value}"` : 'by cases')
}

/** The row of the table of names for a mapping. */
export function namesOf({ name, id, fields }: Mapping): FormatNames {
  const byHash = 'H(record), number of equals before it in the request'
  return {
    records: `every record of ${name}`,
    producerId: id === undefined ? byHash : `${id.join(', ')}; where one is missing ${byHash}`,
    identity: saidOf(fields.identity),
    instance: saidOf(fields.instance),
    owner: saidOf(fields.owner),
    session: saidOf(fields.session),
    credential: saidOf(fields.credential ?? fields.credential_secret),
  }
}

/** What a mapping makes of one record. */
export interface Mapped {
  /** A canonical event, as a producer would send it. */
  readonly event: Readonly<Record<string, unknown>>
  /** All of the id that the mapping names; undefined where a part is missing. */
  readonly id: readonly string[] | undefined
  readonly time: unknown
  /** Undefined where the mapping says none that there is. */
  readonly assurance: Assurance | undefined
  readonly skipped: boolean
}

/** Compiles a mapping. `open` unfolds the lists that it names; `map` reads one record. */
export function compileMapping(mapping: Mapping) {
  const lists = (mapping.records ?? []).map(pathOf)
  const isOne = conditionOf(mapping.when)
  const isSkipped = mapping.skip === undefined ? () => false : conditionOf(mapping.skip)
  const ids = mapping.id?.map(pathOf)
  const time = mapping.time === undefined ? () => undefined : valueOf(mapping.time)
  const assurance = mapping.assurance === undefined ? () => undefined : valueOf(mapping.assurance)
  const fields = Object.entries(mapping.fields).map(([name, value]) => {
    const [read, fit] = [
      valueOf(value),
      INSTANTS.has(name) ? (found: unknown) => readTime(timeText(found)) : fitOf(name),
    ]
    return { name, read: (reading: Reading) => fit(read(reading)), found: read }
  })

  const open = (value: unknown): readonly unknown[] => {
    if (Array.isArray(value)) return value.flatMap((one) => (Array.isArray(one) ? [one] : open(one)))
    for (const path of lists) {
      const found = walk({ record: value, opened: new Map() }, path)
      if (Array.isArray(found)) return found
    }
    return [value]
  }
  const map = (record: unknown, used?: Reading['used']): Mapped => {
    const reading: Reading = { record, opened: new Map(), ...(used === undefined ? {} : { used }) }
    const parts = ids?.map((path) => textOf(walk(reading, path)))
    const kept: Reading = { ...reading, clean: cleanId }
    const event: [string, unknown][] = []
    for (const { name, found, read } of fields) {
      const mine = READ_ALONE.has(name) ? reading : kept
      if (found(mine) === undefined) continue
      const value = read(mine)
      if (value !== undefined) event.push([name, value])
    }
    return {
      event: Object.fromEntries(event),
      id: parts === undefined || parts.includes('') ? undefined : parts,
      time: timeText(time(reading)),
      assurance: ASSURANCES.find((one) => one === assurance(reading)),
      skipped: isSkipped(reading),
    }
  }
  return { open, map, fits: (record: unknown) => isOne({ record, opened: new Map() }) }
}

/** The format that a mapping describes. */
export function mappedFormat(mapping: Mapping): Format {
  const { open, map, fits } = compileMapping(mapping)
  const title = mapping.title ?? `records of the mapping ${mapping.name}`
  const drafts: Format['drafts'] = (record, context): readonly Draft[] | Problem => {
    if (!isObject(record) || !fits(record)) {
      const detail = `the conditions of the mapping ${mapping.name} do not hold: this is no record of it`
      return { reason: 'malformed', detail }
    }
    const { event, id, time, assurance, skipped } = map(record)
    if (skipped) return []
    const { identity, action } = mapping.fields
    for (const [what, found, value] of [
      ['identity', event.identity, identity],
      ['action', event.action, action],
    ] as const) {
      if (textOf(found) !== '') continue
      const detail = `the mapping ${mapping.name} finds no ${what} in the record (it reads ${saidOf(value)})`
      return { reason: 'unnamed', detail }
    }
    const made = events.drafts(event, context)
    if ('reason' in made) return made
    return made.map((draft) => ({
      ...draft,
      id: id ?? { body: record },
      time: readTime(time),
      timeNs: readNanos(time),
      fields: {
        ...draft.fields,
        source_id: joined('/', id ?? []),
        ...(assurance === undefined ? {} : { identity_assurance: assurance }),
      },
    }))
  }
  return {
    id: mapping.name,
    title,
    address: `/v1/mapped/${mapping.name}`,
    takes: `JSON for which the conditions of the mapping hold: one record, a list or lines`,
    names: [namesOf(mapping)],
    recognises: (value) => {
      const [first] = open(Array.isArray(value) ? value.slice(0, 1) : value)
      return isObject(first) && fits(first)
    },
    records: open,
    drafts,
  }
}
