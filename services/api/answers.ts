/** The shapes of answers that several routes give: pages, events as people read them, orders that were taken. */
import Type, { type TProperties, type TSchema } from 'typebox'
import { Event } from '../../schemas/event.ts'
import { Finding } from '../../schemas/finding.ts'

/** One page of a list. */
export const PageAnswer = (item: TSchema, more: TProperties = {}) =>
  Type.Object({
    items: Type.Array(item),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Give it back as cursor for the page that follows; null where there is none',
    }),
    whole_since: Type.Optional(
      Type.String({
        description:
          'Only where the warehouse was lost and the log no longer held everything: what was received before this is missing here; ISO 8601 in UTC',
      }),
    ),
    ...more,
  })

export const time = (description: string) => Type.String({ description: `${description}; ISO 8601 in UTC` })
export const timeOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description: `${description}; ISO 8601 in UTC` })

/** How often and since when. */
export const Times = {
  events: Type.Integer({ minimum: 0, description: 'Repeats count once' }),
  first_seen: time('Its first event'),
  last_seen: time('Its last event'),
}

type Described = TSchema & { readonly clickhouse?: string; readonly description?: string }

/** A column as the API gives it: instants in ISO 8601, indicators read, everything without its storage type. */
function shown(column: string, schema: Described): TSchema {
  const description = schema.description ?? ''
  if (schema.clickhouse?.startsWith('DateTime64') === true) return timeOrNull(description)
  if (column === 'indicators') return Type.Unknown({ description })
  const { clickhouse: _storage, default: _default, ...rest } = schema as Described & { readonly default?: unknown }
  return rest
}

/** What no event lacks. */
const ALWAYS: ReadonlySet<string> = new Set(['event_id', 'identity', 'time'])
const shownAlways = (column: string, schema: Described): TSchema =>
  column === 'time' ? time(schema.description ?? '') : shown(column, schema)

/** An event as the API gives it, without the fields that say nothing. */
export const EventAnswer = Type.Object(
  {
    ...Object.fromEntries(
      Object.entries(Event.properties).map(([column, schema]) => [
        column,
        ALWAYS.has(column) ? shownAlways(column, schema) : Type.Optional(shown(column, schema)),
      ]),
    ),
    conflict: Type.Optional(
      Type.Boolean({ description: 'True: another event was received earlier under the same id' }),
    ),
  },
  { $id: 'event', additionalProperties: false },
)

/** A finding as the API gives it. */
export const FindingAnswer = Type.Object(
  {
    ...Finding.properties,
    found_at: timeOrNull("The log's time when it was found; null where it was found before the log kept that"),
  },
  { $id: 'finding', additionalProperties: false },
)

/** An order that is durable in the log. */
export const OrderAnswer = Type.Object({
  command_id: Type.String({ description: 'Names the order in whatever comes of it' }),
})
