/** The mappings of infra/examples and their samples. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseMapping } from '../../services/lib/mappings/read.ts'
import type { Mapping } from '../../services/lib/mappings/schema.ts'

export const MAPPINGS_FOLDER = join(import.meta.dirname, '../../infra/examples/mappings')

/** Throws with what is wrong. */
export function mappingOf(text: string): Mapping {
  const outcome = parseMapping(text)
  if (!outcome.ok) throw new Error(outcome.problems.map(({ path, message }) => `${path} ${message}`).join('; '))
  return outcome.mapping
}

export const EXAMPLE_MAPPINGS: readonly Mapping[] = readdirSync(MAPPINGS_FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .toSorted()
  .map((file) => mappingOf(readFileSync(join(MAPPINGS_FOLDER, file), 'utf8')))

export const exampleRecords = (name: string): unknown[] =>
  readFileSync(join(MAPPINGS_FOLDER, `${name}.sample.ndjson`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
