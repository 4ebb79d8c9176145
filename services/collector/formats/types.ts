/**
 * What a normaliser is: a pure function from one parsed request of a format to canonical events. It does no I/O, reads no
 * clock and keeps nothing between requests; all that it needs besides the request stands in the context.
 */
import type { ASSURANCES, Event, SOURCES } from '../../../schemas/event.ts'
import type { DeadLetterReason } from '../../../schemas/dead-letter.ts'
import type { Extractor } from '../indicators/index.ts'

export type Format = (typeof SOURCES)[number]
export type Assurance = (typeof ASSURANCES)[number]

export interface NormaliseContext {
  /** From the sender's token alone. */
  readonly tenant: string
  /** When the request was taken, ms since 1970; in a replay one fixed time, later than every event. */
  readonly receiptTime: number
  /** True: the events train and find, and never act. */
  readonly history: boolean
  /** What the collector could authenticate of the identities in the request; a format may know better. */
  readonly assurance: Assurance
  readonly extractor: Extractor
  /** HMAC(k, SHA-256(secret)), for formats that hold the secret itself. */
  readonly hashCredential: (secret: string) => string
}

/** A record that became no event, and why. `record` is redacted and cut. */
export interface Rejected {
  /** Number of the record within its request, from 0. */
  readonly index: number
  readonly reason: DeadLetterReason
  /** A sentence for a person: what was wrong, where, what to do. */
  readonly detail: string
  readonly record: string
}

export interface Normalised {
  /** In the order of the request. */
  readonly events: Event[]
  readonly rejected: Rejected[]
  /** Records that the request held; one record may become several events. */
  readonly records: number
  /** Names of fields that were not understood and left out, with their number. Empty for most requests. */
  readonly ignored: Readonly<Record<string, number>>
}

export interface Normaliser {
  readonly format: Format
  /** Whether a parsed request looks like this format. */
  recognises(body: unknown): boolean
  /** How many records a body holds, counted without looking into them. */
  count(body: unknown): number
  /** Why a body as a whole is no request of this format, in a sentence for its sender; undefined where it is one. */
  refuses(body: unknown): string | undefined
  /**
   * Works through the records one at a time and yields after each, so that a large request can share the event loop.
   * Never throws: a body of the wrong form is one rejected record.
   */
  steps(body: unknown, context: NormaliseContext): Generator<undefined, Normalised, undefined>
}
