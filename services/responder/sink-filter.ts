/**
 * Which notices a sink does not get: `filter` passes what matches it, `except` blocks what matches it. A condition is
 * about a field of the notice. If the notice lacks the field, `filter` passes it: the end of a matter must reach those
 * who heard of its beginning.
 */
import type { Notice, NoticeType } from '../../schemas/notice.ts'
import type { SinkConditions } from '../lib/config/schema.ts'

/** The rest always passes: order receivers need everything, and trouble and suppressions are no agent's doing. */
const FILTERED: readonly string[] = ['finding', 'incident']

const isFiltered = (type: NoticeType): boolean => FILTERED.includes(type.split('.')[0]!)

/** A `*` at the beginning or the end of a pattern matches any text. */
export function matches(pattern: string, word: string): boolean {
  const begins = pattern.endsWith('*')
  const ends = pattern.startsWith('*') && pattern !== '*'
  const core = pattern.slice(ends ? 1 : 0, begins ? -1 : undefined)
  if (begins && ends) return word.includes(core)
  if (begins) return word.startsWith(core)
  return ends ? word.endsWith(core) : word === core
}

const wordsOf = (...values: readonly unknown[]): string[] =>
  values.flat().filter((value): value is string => typeof value === 'string' && value !== '')

function wordsBy(data: Notice['data']): Readonly<Record<keyof SinkConditions, string[]>> {
  return {
    detectors: wordsOf(data['detector'], data['detectors']),
    agents: wordsOf(data['agent'] ?? data['identity']),
    owners: wordsOf(data['owner']),
    techniques: wordsOf(data['techniques']),
  }
}

const KINDS = ['detectors', 'agents', 'owners', 'techniques'] as const

/** Whether a sink with these conditions hears of the notice. */
export function passes(
  sink: { readonly filter?: SinkConditions; readonly except?: SinkConditions },
  type: NoticeType,
  data: Notice['data'],
): boolean {
  if (!isFiltered(type) || (sink.filter === undefined && sink.except === undefined)) return true
  const words = wordsBy(data)
  const hits = (patterns: readonly string[], kind: (typeof KINDS)[number]): boolean =>
    words[kind].some((word) => patterns.some((pattern) => matches(pattern, word)))
  const wanted = KINDS.every((kind) => {
    const patterns = sink.filter?.[kind]
    return patterns === undefined || words[kind].length === 0 || hits(patterns, kind)
  })
  const spared = KINDS.some((kind) => {
    const patterns = sink.except?.[kind]
    return patterns !== undefined && hits(patterns, kind)
  })
  return wanted && !spared
}
