/** Which leaves of a record a mapping did not read: what a person may have forgotten. */
import type { compileMapping } from '../../collector/formats/mapped/index.ts'
import { isObject } from '../../collector/formats/lib/json.ts'
import { MAPPING_LIMITS } from '../../lib/mappings/limits.ts'
import { type Path, pathOf } from '../../lib/mappings/path.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'

const PLAIN_KEY = /^[^.[\]"{}]+$/

/** As a mapping writes it. */
export const pathText = (path: Path): string =>
  path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`
      if (!PLAIN_KEY.test(step)) return `["${step}"]`
      return i === 0 ? step : `.${step}`
    })
    .join('')

function* leaves(value: unknown, path: Path): Generator<Path> {
  if (value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)) return
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* leaves(item, [...path, i])
  else if (isObject(value)) for (const [key, item] of Object.entries(value)) yield* leaves(item, [...path, key])
  else if (path.length > 0) yield path
}

/** The paths that conditions look at: they use a value, too. */
function conditionPaths({ when, skip }: Mapping): Path[] {
  return [when, skip ?? {}]
    .flatMap(({ all = [], any = [], none = [] }) => [...all, ...any, ...none])
    .map(({ path }) => pathOf(path))
}

const begins = (path: Path, start: Path): boolean => start.every((step, i) => path[i] === step)

export function unusedOf(record: unknown, mapping: Mapping, map: ReturnType<typeof compileMapping>['map']): string[] {
  const used: Path[] = conditionPaths(mapping)
  map(record, (path) => void used.push(path))
  const unused: string[] = []
  for (const leaf of leaves(record, [])) {
    // A text that was opened is used where a path goes through it.
    if (used.some((path) => begins(leaf, path) || begins(path, leaf))) continue
    if (unused.push(pathText(leaf)) >= MAPPING_LIMITS.unused_named_max) break
  }
  return unused
}
