/**
 * What a format is: how to find the records of one kind of log in a value, and what one record says. Pure functions: no I/O,
 * no clock, no state between requests. Ids, redaction, times and the schema are the same for all formats. Their callers
 * handle these (`read-envelopes.ts`, `lib/finish.ts`), so that no format can forget them.
 */
import type { DeadLetterReason } from '../../../schemas/dead-letter.ts'
import type { ASSURANCES, Event } from '../../../schemas/event.ts'
import type { Binding } from '../binding.ts'
import type { Extractor, Parts } from '../indicators/index.ts'

/** Names a format; the column `source` of its events. */
export type FormatId = Event['source']
/** A format, or `auto`: the one that each value looks like. */
export type FormatChoice = FormatId
export type Assurance = (typeof ASSURANCES)[number]

export interface NormaliseContext {
  /** From the sender's token alone. */
  readonly tenant: string
  /** Name of the sender's token; '' where nobody sent it: an import. */
  readonly sender: string
  /** When the request was taken, ms since 1970; in a replay one fixed time, later than every event. */
  readonly receiptTime: number
  /** True: the events train and find, and never act. */
  readonly history: boolean
  /** What the collector could authenticate of the identities in the request; a format may know better. */
  readonly assurance: Assurance
  /** For whom the sender may send; absent: for anybody. */
  readonly binding?: Binding
  readonly extractor: Extractor
  /** HMAC(k, SHA-256(secret)), for formats that hold the secret itself. */
  readonly hashCredential: (secret: string) => string
  /** The formats to read; only those of the registry if absent. */
  readonly formats?: Formats
  /** False: what is not a record is noted, and the request is never refused as a whole. */
  readonly refuses?: boolean
}

/** What a record is read with. */
export interface RecordContext extends NormaliseContext {
  /** Notes a field that is not understood and left out, for the answer. */
  ignore(field: string): void
}

/** What only the collector decides, and what is derived from other fields. */
type Decided =
  | 'event_id'
  | 'content_id'
  | 'tenant'
  | 'time'
  | 'time_ns'
  | 'receipt_time'
  | 'time_flag'
  | 'sequence'
  | 'sender'
  | 'source'
  | 'history'
  | 'source_network'
  | 'user_agent_family'
  | 'indicators'
  | 'value_hashes'
  | 'value_kinds'
  | 'content_classes'
  | 'extractor_version'

/** The fields that a record may say. */
export type Fields = Partial<Omit<Event, Decided>>

/** One act that a record reports; it becomes one event. */
export interface Draft {
  /**
   * The parts of the producer's own id; no part can run into the next. Without one the body from which an id is made,
   * together with the number of equal bodies before it in the request; or its canonical JSON, where acts share most of it. It depends on the producer's data alone: never on
   * the input, the receipt or the tenant's key.
   */
  readonly id: readonly (string | number)[] | { readonly body: unknown } | { readonly canonical: string }
  /** Ms since 1970, undefined where the producer said nothing readable. */
  readonly time: number | undefined
  /** What `time` leaves out, by `readNanos`; absent where the format has no finer times. */
  readonly timeNs?: number
  readonly fields: Fields
  /** What the texts of the record showed. */
  readonly parts?: Parts
}

/** Why a record became no event. `malformed` and `unsupported`: it is no record of this format, or none that is taken. */
export interface Problem {
  readonly reason: DeadLetterReason
  /** A sentence for a person: what was wrong, where, what to do. */
  readonly detail: string
}

/** One row of the table of names: which fields say what. `docs/formats.md` prints it. */
export interface FormatNames {
  readonly records: string
  readonly producerId: string
  readonly identity: string
  readonly instance: string
  readonly owner: string
  readonly session: string
  readonly credential: string
}

/** A record of another format; with `auto` it is only what it looks like, and what carries it counts where it looks like none. */
export interface CarriedRecord {
  readonly format: FormatChoice
  readonly record: unknown
  /** When what carries it says that it was made. */
  readonly time?: unknown
}

export interface Format<R = unknown> {
  readonly id: FormatId
  /** What people call it. */
  readonly title: string
  /** Where its records are posted over plain HTTP. */
  readonly address: string
  /** What a body of this format is, for a person who sent something else. */
  readonly takes: string
  readonly names: readonly FormatNames[]
  /** Each value counts as a request: equal records are counted within it, otherwise within the whole request. */
  readonly valueIsRequest?: true
  /** Whether a value looks like this format: one record, or what usually holds them. */
  recognises(value: unknown): boolean
  /** The records of a value, usual envelopes opened; or, in a sentence for its sender, why it can hold none. */
  records(value: unknown): Iterable<R> | { readonly refused: string }
  /** Where a record is only what carries one of another format, as a provider's export does: that one. It has the id that it has in every way. */
  carries?(record: R): CarriedRecord | undefined
  /** What one record says. */
  drafts(record: R, context: RecordContext): readonly Draft[] | Problem
}

/** The formats that are read: those of the registry and the mappings of the configuration. */
export interface Formats {
  readonly all: readonly Format[]
  /** Throws where there is none of this name. */
  of(id: FormatId): Format
  has(id: FormatId): boolean
  /** The format of a value, undefined where none recognises it. */
  recognise(value: unknown): Format | undefined
}
