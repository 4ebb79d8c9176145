/**
 * Reads a mapping from YAML. Returns the value, or what is wrong with it, each with line and column. Hostile YAML
 * (aliases that unfold, endless files) stops at a limit.
 */
import { Compile } from 'typebox/compile'
import type { SchemaError } from '../../../schemas/problem-words.ts'
import {
  type ConfigPath,
  type ConfigProblem,
  explain,
  type Position,
  showPath,
  unknownWord,
} from '../config/problems.ts'
import { parseYaml } from '../yaml/parse.ts'
import { MAPPING_LIMITS } from './limits.ts'
import { readPath, readTemplate } from './path.ts'
import { type Case, type Condition, MAPPED_FIELDS, Mapping, type RichValue, type Value } from './schema.ts'

export type MappingOutcome =
  | { readonly ok: true; readonly mapping: Mapping }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export const PROBLEMS_MAX = 20
const compiled = Compile(Mapping)

export type Found = { readonly path: ConfigPath; readonly message: string }

function* pathProblems(text: string | readonly string[] | undefined, path: ConfigPath): Generator<Found> {
  if (typeof text === 'string') {
    const read = readPath(text)
    if (typeof read === 'string') yield { path, message: read }
    return
  }
  for (const [i, one] of (text ?? []).entries()) yield* pathProblems(one, [...path, i])
}

function* conditionProblems(condition: Condition | undefined, path: ConfigPath): Generator<Found> {
  if (condition === undefined) return
  if (Object.keys(condition).length === 0) yield { path, message: 'must hold all, any or none' }
  for (const [kind, tests] of Object.entries(condition)) {
    for (const [i, test] of tests.entries()) {
      yield* pathProblems(test.path, [...path, kind, i, 'path'])
      if (Object.keys(test).length < 2) {
        yield { path: [...path, kind, i], message: 'says nothing of its path: add exists, is, starts_with or another' }
      }
    }
  }
}

const ORIGINS = ['path', 'value', 'template', 'cases'] as const

function* originProblems(value: RichValue | Case, path: ConfigPath): Generator<Found> {
  const origins = ORIGINS.filter((key) => Object.hasOwn(value, key))
  if (origins.length !== 1) {
    const message = origins.length === 0 ? 'needs path, value, template or cases' : `has both ${origins.join(' and ')}`
    yield { path, message }
  }
  yield* pathProblems(value.path, [...path, 'path'])
  const template = value.template === undefined ? [] : readTemplate(value.template)
  if (typeof template === 'string') yield { path: [...path, 'template'], message: template }
}

function* valueProblems(value: Value | undefined, path: ConfigPath): Generator<Found> {
  if (value === undefined || typeof value === 'string') {
    yield* pathProblems(value, path)
    return
  }
  yield* originProblems(value, path)
  if (value.otherwise !== undefined && value.table === undefined) {
    yield { path: [...path, 'otherwise'], message: 'is of use with a table only' }
  }
  for (const [i, one] of (value.cases ?? []).entries()) {
    yield* originProblems(one, [...path, 'cases', i])
    yield* conditionProblems(one.if, [...path, 'cases', i, 'if'])
  }
}

/** What the shape cannot say. */
function* meaningProblems(mapping: Mapping): Generator<Found> {
  yield* pathProblems(mapping.records, ['records'])
  yield* pathProblems(mapping.id, ['id'])
  yield* conditionProblems(mapping.when, ['when'])
  yield* conditionProblems(mapping.skip, ['skip'])
  yield* valueProblems(mapping.time, ['time'])
  yield* valueProblems(mapping.assurance, ['assurance'])
  for (const [name, value] of Object.entries(mapping.fields)) {
    if (!MAPPED_FIELDS.includes(name)) {
      yield { path: ['fields', name], message: unknownWord('field', name, MAPPED_FIELDS) }
    }
    yield* valueProblems(value, ['fields', name])
  }
  for (const name of ['identity', 'action']) {
    if (!Object.hasOwn(mapping.fields, name)) {
      yield { path: ['fields'], message: `is missing ${name}: an event says who did what` }
    }
  }
}

/** A union is wrong in each of its branches; the sentences about the branch that was meant say more than all of them. */
function told(errors: readonly SchemaError[], value: unknown): Found[] {
  const found = errors
    .filter(({ keyword }) => keyword !== 'anyOf')
    .flatMap((error) => explain(error, Mapping, value))
    .map(({ path, message }) => ({ path, message }))
  const deepest = found.filter(({ path }) => !found.some((other) => isWithin(other.path, path)))
  return deepest.length > 0 ? deepest : [{ path: [], message: 'is not a mapping' }]
}

const isWithin = (inner: ConfigPath, outer: ConfigPath): boolean =>
  inner.length > outer.length && outer.every((step, i) => inner[i] === step)

/** Checks the content of a mapping file: the mapping, or what is wrong. */
export function checkMapping(value: unknown): Mapping | readonly Found[] {
  if (!compiled.Check(value)) return told([...compiled.Errors(value)], value)
  const mapping = value as unknown as Mapping
  const wrong = [...meaningProblems(mapping)]
  return wrong.length > 0 ? wrong : mapping
}

export const isMapping = (checked: Mapping | readonly Found[]): checked is Mapping => !Array.isArray(checked)

/** A problem with its place in the file. */
export const placed = ({ path, message }: Found, position: Position): ConfigProblem => ({
  ...position,
  path: showPath(path),
  message,
})

/** Checks the text of a mapping. */
export function parseMapping(text: string): MappingOutcome {
  const failed = (problems: readonly ConfigProblem[]): MappingOutcome => ({
    ok: false,
    problems: problems.slice(0, PROBLEMS_MAX),
  })
  if (Buffer.byteLength(text) > MAPPING_LIMITS.file_bytes_max) {
    const message = `has more than ${MAPPING_LIMITS.file_bytes_max} bytes`
    return failed([{ line: 1, column: 1, path: '', message }])
  }
  const read = parseYaml(text)
  if (!read.ok) return failed(read.problems.slice(0, 1).map((problem) => ({ ...problem, path: '' })))
  const mapping = checkMapping(read.value)
  return isMapping(mapping)
    ? { ok: true, mapping }
    : failed(mapping.map((found) => placed(found, read.locate(found.path))))
}
