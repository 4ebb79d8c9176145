/**
 * The last step of every format: from what a record said to a valid event. Here, once for all formats, texts are
 * redacted and cut, the event time is judged, the id is made and the schema is checked, so that no format can forget it.
 */
import { contentId } from '../../../../schemas/content.ts'
import { blankEvent, Event, eventValidator } from '../../../../schemas/event.ts'
import { H, eventId } from '../../../../schemas/ids.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { bindingProblem } from '../../binding.ts'
import { combine } from '../../indicators/index.ts'
import { CLEANED_CHARS_MAX, cleanId, cleanText } from './clean.ts'
import { sourceBehind, sourceNetwork, userAgentFamily } from './clients.ts'
import { eventTime } from './times.ts'
import type { Draft, Fields, FormatId, NormaliseContext, Problem } from '../format.ts'

const NAME_MAX = LIMITS.name_chars_max
const TEXT_MAX = LIMITS.text_chars_max

/** A name, cut if it is too long. A cut name ends with a hash, so that two long names stay distinct. */
export function name(text: string): string {
  const long = text.length > CLEANED_CHARS_MAX
  const clean = cleanId(text)
  if (clean.length <= NAME_MAX && !long) return clean
  return `${clean.slice(0, NAME_MAX - 17).toWellFormed()}~${H(long ? text : clean).slice(0, 16)}`
}

/** Free text, redacted before it is cut, so that no half of a secret stays. */
export function freeText(text: string, charsMax: number = TEXT_MAX): string {
  const clean = cleanText(text)
  return clean.length <= charsMax ? clean : clean.slice(0, charsMax).toWellFormed()
}

/** Fields that hold free text, and how much of it. */
const FREE_TEXT: ReadonlyMap<string, number> = new Map([
  ['target', TEXT_MAX],
  ['task', NAME_MAX],
  ['error', NAME_MAX],
  ['user_agent', NAME_MAX],
])
/** Fields with a closed list of words: the schema refuses any other, so that there is nothing to clean. */
const CHOICES: ReadonlySet<string> = new Set(
  Object.entries(Event.properties).flatMap(([field, schema]) => ('enum' in schema ? [field] : [])),
)
/** How many items each list column takes. */
const ITEMS_MAX: ReadonlyMap<string, number> = new Map(
  Object.entries(Event.properties).map(([field, schema]) => [field, (schema as { maxItems?: number }).maxItems ?? 0]),
)

/** In the order of the columns; a draft has some of them. */
const FIELDS = Object.keys(Event.properties) as (keyof Fields)[]

/** A field as the event holds it: names stay distinct, free text loses its secrets, lists are bounded. */
function cleaned(field: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX.get(field) ?? 0).map((item) => name(item))
  if (typeof value !== 'string' || value === '' || CHOICES.has(field)) return value
  const charsMax = FREE_TEXT.get(field)
  return charsMax === undefined ? name(value) : freeText(value, charsMax)
}

function fill(event: Event, fields: Fields): void {
  for (const field of FIELDS) {
    const value = fields[field]
    if (value !== undefined) event[field] = cleaned(field, value) as never
  }
}

const BLANK = blankEvent()

/** Makes the event, or says what of it is invalid. `id`: the producer's part of its id. */
export function finish(source: FormatId, id: string, draft: Draft, context: NormaliseContext): Event | Problem {
  const event: Event = { ...BLANK, on_behalf_of: [], peer_domains: [], value_hashes: [], value_kinds: [] }
  fill(event, draft.fields)
  const bound =
    context.binding && bindingProblem(context.binding, context.sender, { identity: event.identity, format: source })
  if (bound !== undefined) return { reason: 'refused', detail: bound }
  const { time, flag } = eventTime(draft.time, context.receiptTime)
  event.event_id = eventId(context.tenant, source, id)
  event.tenant = context.tenant
  event.time = time
  event.time_ns = flag === 'ok' ? (draft.timeNs ?? 0) : 0
  event.receipt_time = context.receiptTime
  event.time_flag = flag
  event.sender = context.sender
  event.source = source
  event.history = context.history ? 1 : 0
  if (event.source_address !== '') {
    event.source_address = sourceBehind(event.source_address, context.binding?.proxies ?? [])
    event.source_network = sourceNetwork(event.source_address)
  }
  if (event.user_agent !== '') event.user_agent_family = userAgentFamily(event.user_agent)
  if (draft.parts !== undefined) Object.assign(event, combine(draft.parts))
  // Who names the origin itself knows better than what the text looks like.
  if (draft.fields.content_origin !== undefined) event.content_origin = draft.fields.content_origin
  event.content_id = contentId(event)
  if (eventValidator.check(event)) return event
  const problems = eventValidator.problems(event).map(({ path, message }) => `${path} ${message}`)
  return { reason: 'invalid', detail: `the event breaks the schema: ${problems.join('; ')}` }
}
