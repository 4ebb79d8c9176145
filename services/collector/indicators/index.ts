/**
 * The door of the indicator extractor: texts in, hashed indicators out. It is the only part of moltwatch that reads the
 * texts of tasks, arguments and results; nothing of them leaves it in clear. Pure functions of (key, text): no clock, no
 * state between events but a bounded cache of hashes.
 */
import type { Event } from '../../../schemas/event.ts'
import type { CallIndicators, ResultIndicators, TaskIndicators } from '../../../schemas/indicators.ts'

/** A keyed 64-bit hash of a value, and what the value was (index of VALUE_KINDS). */
export interface HashedValue {
  readonly hash: bigint
  readonly kind: number
}

/** What one text showed: the indicators, and the values in full width for the event's value columns. */
export interface Part<I> {
  readonly indicators: I
  readonly values: readonly HashedValue[]
}

export interface Extractor {
  /** The user's message: what the agent was asked to do. */
  userMessage(text: string): Part<TaskIndicators>
  /** `arguments` as the producer gave them: an object, or its JSON text. */
  toolCall(call: { readonly name: string; readonly arguments: unknown }): Part<CallIndicators>
  /** `result` as the producer gave it: text, or any JSON value. Errors that the agent saw are results too. */
  toolResult(answer: { readonly name: string; readonly result: unknown }): Part<ResultIndicators>
}

/** The columns of the canonical event that the indicators fill. */
export type IndicatorColumns = Pick<
  Event,
  'indicators' | 'value_hashes' | 'value_kinds' | 'content_classes' | 'extractor_version' | 'content_origin'
>

/** What an event showed: a user message has a task; a tool call has a call, and its result where it came back. */
export interface Parts {
  readonly task?: Part<TaskIndicators>
  readonly call?: Part<CallIndicators>
  readonly result?: Part<ResultIndicators>
}

/** `key`: at least 16 random bytes, one key for each tenant, kept as long as its logs are to be comparable. */
export declare function createExtractor(options: { readonly key: Buffer }): Extractor
export declare function combine(parts: Parts): IndicatorColumns
