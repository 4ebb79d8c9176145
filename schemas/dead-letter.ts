/**
 * A dead letter: a record that could not be processed, kept with its reason so that a person can repair the producer or
 * resend it. The record in it is redacted and truncated: a dead letter must not leak what an event would not hold.
 */
import Type, { type Static } from 'typebox'
import { choice, columnsOf, defaultsOf, instant, name, text, validator, whole } from './columns.ts'
import { H } from './ids.ts'
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

/** A dead letter as written, without a sender if it is older than that field; undefined for anything else. */
export function readDeadLetter(value: unknown): DeadLetter | undefined {
  const whole = typeof value === 'object' && value !== null ? { sender: '', ...value } : value
  return deadLetterValidator.check(whole) ? whole : undefined
}
export const blankDeadLetter = (): DeadLetter => defaultsOf(DeadLetter)

/** What a service knows of a record that it gives up: tenant, sender and number within its request if they are known. */
export type GivenUp = Pick<DeadLetter, 'time' | 'service' | 'origin' | 'reason' | 'detail' | 'record'> &
  Partial<Pick<DeadLetter, 'tenant' | 'sender' | 'index'>>

/** The dead letter of a record, its texts cut. The id is a hash of what it says, so that a repeat is the same letter. */
export function deadLetterOf(given: GivenUp): DeadLetter {
  const { tenant = '', sender = '', index = 0, time, service, origin, reason } = given
  const record = given.record.slice(0, LIMITS.dead_letter_record_chars_max).toWellFormed()
  const detail = given.detail.slice(0, LIMITS.text_chars_max).toWellFormed()
  const id = H('dead-letter', tenant, sender, origin, reason, record)
  return { id, tenant, time, service, origin, reason, detail, index, record, sender }
}
