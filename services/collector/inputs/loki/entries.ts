/** The lines of a push to Loki, from JSON or from its protobuf. */
import { isObject, listOf, textOf } from '../../formats/lib/json.ts'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import { decodeLokiPush } from '../../protobuf/loki.ts'
import { logfmt } from '../lib/lines.ts'

export interface Entry {
  readonly labels: Readonly<Record<string, string>>
  /** Nanoseconds since 1970, as decimal. */
  readonly nanos: string
  readonly line: string
}

/** What of it is an entry; a stream or value of another shape is named. */
export function* jsonEntries(body: unknown): Generator<Entry | { readonly bad: unknown; readonly detail: string }> {
  for (const stream of listOf((body as { streams?: unknown }).streams)) {
    const { stream: given, values } = isObject(stream) ? stream : {}
    if (!Array.isArray(values)) {
      yield { bad: stream, detail: 'a stream without its list values' }
      continue
    }
    const labels = Object.fromEntries(
      Object.entries(isObject(given) ? given : {})
        .slice(0, COLLECTOR_LIMITS.line_pairs_max)
        .map(([key, value]) => [key, textOf(value)]),
    )
    for (const value of values) {
      const [nanos, line] = listOf(value)
      if (typeof line === 'string') yield { labels, nanos: textOf(nanos), line }
      else yield { bad: value, detail: 'a value is [nanoseconds as text, line]' }
    }
  }
}

/** Labels as Loki writes them: `{app="x", env="y"}`. */
const labelsOf = (text: string): Readonly<Record<string, string>> =>
  logfmt(` _="" ${text.replace(/^\s*\{|\}\s*$/g, '').replace(/",\s*/g, '" ')}`) ?? {}

/** Throws Error where the bytes are no push request. */
export const protobufEntries = (bytes: Buffer): Entry[] =>
  decodeLokiPush(bytes).flatMap(({ labels, entries }) => {
    const read = labelsOf(labels)
    return entries.map((entry) => ({ labels: read, ...entry }))
  })
