/**
 * Turns what a schema check says of a YAML document into sentences with line and column, for the person who wrote the
 * file. No sentence repeats a value: it could be a secret.
 */
import { problemInWords, type SchemaError } from '../../../schemas/problem-words.ts'
import { type Document, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml'

/** From 1; both are 0 if the file could not be read at all. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface ConfigProblem extends Position {
  /** If it is another file than the one that was asked for. */
  readonly file?: string
  /** As in `sinks[0].min_severity`; '' for the file as a whole. */
  readonly path: string
  readonly message: string
}

export type ConfigPath = readonly (string | number)[]

/** What is wrong with a value, and which one. */
export interface Located {
  readonly path: ConfigPath
  readonly message: string
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
}

export const showPath = (path: ConfigPath): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`)).join('')

function schemaAt(schema: JsonSchema, path: ConfigPath): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema
  for (const step of path) {
    if (at === undefined) return undefined
    at =
      typeof step === 'number'
        ? at.items
        : (Object.entries(at.properties ?? {}).find(([key]) => key === step)?.[1] ??
          Object.values(at.patternProperties ?? {})[0])
  }
  return at
}

/** Edits that turn one word into the other (Levenshtein). Words longer than 64 are not compared. */
function distance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return 64
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    previous = row
  }
  return previous[b.length]!
}

/** The known word that was probably meant: at most two edits away, and less than half of the word. */
export function suggestion(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((k) => ({ k, d: distance(word.toLowerCase(), k) })).sort((x, y) => x.d - y.d)
  const best = ranked[0]
  return best !== undefined && best.d <= 2 && best.d * 2 < Math.max(word.length, 2) ? best.k : undefined
}

export function unknownWord(what: string, word: string, known: readonly string[]): string {
  const meant = suggestion(word, known)
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  return `unknown ${what} "${word.slice(0, 64)}"${hint} (known: ${known.join(', ')})`
}

function stepsOf(instancePath: string, value: unknown): (string | number)[] {
  let at = value
  return instancePath
    .split('/')
    .slice(1)
    .map((raw) => {
      const word = raw.replaceAll('~1', '/').replaceAll('~0', '~')
      const step = Array.isArray(at) ? Number(word) : word
      at = Object.entries(at ?? {}).find(([key]) => key === word)?.[1]
      return step
    })
}

/** One schema error as zero or more located sentences; paths end at the key that is wrong. */
export function explain(error: SchemaError, schema: object, value: unknown): readonly Located[] {
  const path = stepsOf(error.instancePath, value)
  const params = error.params as Readonly<Record<string, unknown>>
  if (error.keyword === 'additionalProperties') {
    const known = Object.keys(schemaAt(schema, path)?.properties ?? {})
    return (params['additionalProperties'] as string[]).map((key) => ({
      path: [...path, key],
      message: unknownWord('key', key, known),
    }))
  }
  // The sentence about the unknown key itself says more.
  if (error.keyword === 'boolean') return []
  if (error.keyword === 'required') {
    return [{ path, message: `is missing ${(params['requiredProperties'] as string[]).join(', ')}` }]
  }
  return [{ path, message: problemInWords(error) }]
}

/** All that a schema says of a value that it refuses; `otherwise` if it has no sentence for it. */
export function explainAll(
  errors: Iterable<SchemaError>,
  schema: object,
  value: unknown,
  otherwise: string,
): readonly Located[] {
  const found = [...errors].flatMap((error) => explain(error, schema, value))
  return found.length > 0 ? found : [{ path: [], message: otherwise }]
}

/** Position of a path in the file: its key if it has one, otherwise its value; the nearest parent if it is absent. */
export function locate(document: Document, lines: LineCounter, path: ConfigPath): Position {
  let node: unknown = document.contents
  let offset = isNode(node) ? node.range?.[0] : undefined
  for (const step of path) {
    let next: unknown
    let anchor: Node | undefined
    if (isMap(node)) {
      const pair = node.items.find((item) => (isScalar(item.key) ? String(item.key.value) : undefined) === String(step))
      anchor = isNode(pair?.key) ? pair.key : undefined
      next = pair?.value
    } else if (isSeq(node) && typeof step === 'number') {
      next = node.items[step]
      anchor = isNode(next) ? next : undefined
    }
    if (anchor === undefined) break
    offset = anchor.range?.[0] ?? offset
    node = next
  }
  if (offset === undefined) return { line: 1, column: 1 }
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
