/**
 * A dead letter: a record that could not be processed, kept with its reason so that a person can repair the producer or
 * send it again. The record stands in it redacted and cut: a dead letter must not leak what an event would not hold.
 */
import Type, { type Static } from 'typebox'
import { choice, columnsOf, defaultsOf, instant, name, text, validator, whole } from './columns.ts'
import { LIMITS } from './limits.ts'

/** Who gave up on the record. */
export const DEAD_LETTER_SERVICES = ['collector', 'detector', 'archiver', 'responder'] as const

/**
 * Why, in one word that can be counted. malformed: not readable in its format; unnamed: no identity or no action;
 * invalid: a field breaks the schema; unsupported: a kind of record that is not taken; poison: a bug met it;
 * refused: an engine or an endpoint would not have it, or its sender may not send it.
 */
export const DEAD_LETTER_REASONS = ['malformed', 'unnamed', 'invalid', 'unsupported', 'poison', 'refused'] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

export const DeadLetter = Type.Object(
  {
    id: Type.String({
      description: 'H(tenant, sender, origin, reason, record): the same on every repeat',
      pattern: '^[0-9a-f]{32}$',
      default: '',
      clickhouse: 'FixedString(32)',
    }),
    tenant: name('Tenant'),
    time: instant('When it was given up: receipt time, the clock of the service otherwise'),
    service: choice('Who gave up', DEAD_LETTER_SERVICES),
    origin: name('Where the record came from: the format of the request, or topic/partition/offset'),
    reason: choice('Why, as a word', DEAD_LETTER_REASONS),
    detail: text('Why, as a sentence: what was wrong, where, what to do'),
    index: whole('Number of the record within its request', 'UInt32', 0xffff_ffff),
    record: text('The record, redacted and cut', LIMITS.dead_letter_record_chars_max),
    sender: name('Token that it was sent with; empty where it is no record of a sender'),
  },
  { $id: 'dead-letter', additionalProperties: false },
)
export type DeadLetter = Static<typeof DeadLetter>

export const DEAD_LETTER_COLUMNS = columnsOf(DeadLetter)
export const deadLetterValidator = validator(DeadLetter)

/** A dead letter as it was written, which says no sender where it is older than that field; undefined for what is none. */
export function readDeadLetter(value: unknown): DeadLetter | undefined {
  const whole = typeof value === 'object' && value !== null ? { sender: '', ...value } : value
  return deadLetterValidator.check(whole) ? whole : undefined
}
export const blankDeadLetter = (): DeadLetter => defaultsOf(DeadLetter)
