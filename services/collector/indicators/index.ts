/**
 * The face of the indicator extractor: texts in, hashed indicators out. It is the only part of moltwatch that reads the
 * texts of tasks, arguments and results; nothing of them leaves it in clear. Pure functions of (key, text): no clock, no
 * state between events but bounded memories of what such a function gave before.
 */
import type { Event } from '../../../schemas/event.ts'
import {
  type CallIndicators,
  EXTRACTOR_VERSION,
  encodeIndicators,
  type ResultIndicators,
  type TaskIndicators,
  VALUE_KINDS,
  VOICE,
} from '../../../schemas/indicators.ts'
import type { Content } from '../../../schemas/excerpt.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { readCall, readsOnly } from './call.ts'
import { withoutHints } from './hints.ts'
import { bodyOf, excerptOf, ordersIn } from './excerpts.ts'
import { createHasher } from './hashing.ts'
import { createMemory } from './memory.ts'
import { bytesOfLeaf, readResult } from './result.ts'
import { readTask } from './task.ts'
import type { Value } from './values.ts'

/** A keyed 64-bit hash of a value, and what the value was (index of VALUE_KINDS). */
export interface HashedValue {
  readonly hash: bigint
  readonly kind: number
}

/** What one text showed: the indicators, and the values in full width for the event's value columns. */
export interface Part<I> {
  readonly indicators: I
  readonly values: readonly HashedValue[]
  /** The words that are kept, if any. */
  readonly excerpts?: readonly string[]
  /** The whole text, redacted, where whole bodies are kept. */
  readonly body?: string
}

export interface Extractor {
  /** The user's message: what the agent was asked to do. */
  userMessage(text: string): Part<TaskIndicators>
  /** `arguments` as the producer gave them: an object, or its JSON text. */
  toolCall(call: { readonly name: string; readonly arguments: unknown }): Part<CallIndicators>
  /**
   * `result` as the producer gave it: text, or any JSON value. Errors that the agent saw are results too. `arguments` of the
   * same call, if they are known: what a program printed reads otherwise than what it was given to print.
   */
  toolResult(answer: {
    readonly name: string
    readonly arguments?: unknown
    readonly result: unknown
  }): Part<ResultIndicators>
}

/** The columns of the canonical event that the indicators fill. */
export type IndicatorColumns = Pick<
  Event,
  'indicators' | 'value_hashes' | 'value_kinds' | 'content_classes' | 'extractor_version' | 'content_origin'
>

/** What an event showed: a user message has a task; a tool call has a call, and its result if one came back. */
export interface Parts {
  readonly task?: Part<TaskIndicators>
  readonly call?: Part<CallIndicators>
  readonly result?: Part<ResultIndicators>
}

/** The event's value columns hold at most this many. */
const EVENT_VALUES_MAX = 256

/** What is read, as one text by which it is remembered: a string is not what looks like it as JSON. */
const rememberedBy = (given: unknown): string | undefined =>
  typeof given === 'string' ? `t${given}` : given === undefined ? undefined : `j${JSON.stringify(given)}`

/** Estimates the bytes of a remembered part besides its text: a small record for each value, numbers for the rest. */
const PART_BYTES = 300
const PART_VALUE_BYTES = 80
const NESTED_BYTES = 500
const bytesOfPart = (values: readonly HashedValue[], nested: number): number =>
  PART_BYTES + PART_VALUE_BYTES * values.length + NESTED_BYTES * nested

/**
 * `key`: at least 16 random bytes, one key for each tenant, kept as long as its logs are to be comparable. `memoryBytesMax`:
 * what it may remember of texts that it has read.
 */
export function createExtractor(options: {
  readonly key: Buffer
  readonly memoryBytesMax?: number
  /** Which words are kept. Default: none. */
  readonly content?: Content
}): Extractor {
  const hasher = createHasher(options.key)
  const { content = 'none' } = options
  const half = (options.memoryBytesMax ?? LIMITS.indicator_memory_bytes_max) / 2
  const leaves = createMemory(half, bytesOfLeaf)
  const results = createMemory<Part<ResultIndicators>>(half / 2, (kept) =>
    bytesOfPart(kept.values, kept.indicators.orders.length + (kept.excerpts?.length ?? 0)),
  )
  const calls = createMemory<Part<CallIndicators>>(half / 2, (kept) =>
    bytesOfPart(kept.values, kept.indicators.arguments.length),
  )
  const part = <I>(read: { readonly indicators: I; readonly values: readonly Value[] }): Part<I> => ({
    indicators: read.indicators,
    values: read.values.map((value) => ({ hash: hasher.value(value.text), kind: VALUE_KINDS.indexOf(value.kind) })),
  })
  const worded = <I>(found: Part<I>, words: () => string[]): Part<I> =>
    content === 'none' ? found : { ...found, excerpts: words() }
  // Added after the memory, which holds no bodies.
  const whole = <I>(found: Part<I>, given: unknown): Part<I> =>
    content === 'full' ? { ...found, body: bodyOf(given) } : found
  const tasks = createMemory<Part<TaskIndicators>>(half / 4, (kept) => bytesOfPart(kept.values, 1))
  return {
    userMessage: (text) => {
      const cut = text.slice(0, LIMITS.indicator_text_chars_max)
      const found = tasks(cut, () => worded(part(readTask(cut, hasher)), () => [excerptOf(cut)]))
      return whole(found, cut)
    },
    toolCall({ name, arguments: given }) {
      const read = (): Part<CallIndicators> => part(readCall(name, given, hasher))
      const text = rememberedBy(given)
      return whole(text === undefined ? read() : calls(`${name.length}:${name}${text}`, read), given)
    },
    toolResult({ name, arguments: asked, result: given }) {
      const heard = withoutHints(name, asked, given)
      const read = (): Part<ResultIndicators> => {
        const found = part(readResult(name, heard, hasher, leaves))
        return found.indicators.orders.length === 0 ? found : worded(found, () => ordersIn(heard))
      }
      const text = rememberedBy(heard)
      // Of the tool's name only this one bit counts for the reading of its answer.
      return whole(text === undefined ? read() : results((readsOnly(name) ? 'r' : 'a') + text, read), given)
    },
  }
}

/** The event's columns from its parts. The content of a result is untrusted unless it is a tool's own short status. */
export function combine(parts: Parts): IndicatorColumns {
  const hashes: string[] = []
  const kinds: number[] = []
  const seen = new Set<bigint>()
  for (const { hash, kind } of [
    ...(parts.task?.values ?? []),
    ...(parts.call?.values ?? []),
    ...(parts.result?.values ?? []),
  ]) {
    if (seen.has(hash) || hashes.length >= EVENT_VALUES_MAX) continue
    seen.add(hash)
    hashes.push(String(hash))
    kinds.push(kind)
  }
  const result = parts.result?.indicators
  return {
    indicators: encodeIndicators({
      ...(parts.task && { task: parts.task.indicators }),
      ...(parts.call && { call: parts.call.indicators }),
      ...(result && { result }),
    }),
    value_hashes: hashes,
    value_kinds: kinds,
    content_classes: parts.call?.indicators.classes ?? parts.task?.indicators.classes ?? 0,
    extractor_version: EXTRACTOR_VERSION,
    content_origin: parts.task ? 'user' : result?.voice === VOICE.content ? 'untrusted' : 'unknown',
  }
}
