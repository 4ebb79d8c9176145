/** Loads the mappings that a configuration names, from files next to it. */
import { dirname, resolve } from 'node:path'
import type { Located, Position } from '../config/problems.ts'
import type { YamlReader } from '../yaml/read.ts'
import { MAPPING_LIMITS } from './limits.ts'
import { checkMapping, isMapping, type MappingOutcome, placed, PROBLEMS_MAX } from './read.ts'
import type { Mapping } from './schema.ts'

export interface LoadedMappings {
  readonly mappings: readonly Mapping[]
  /** Each at its place in the list `mappings` of the configuration. */
  readonly problems: readonly Located[]
}

const place = ({ line, column }: Position): string => (line === 0 ? '' : `:${line}:${column}`)

/** The content of one file, or what is wrong with it. */
async function loadMapping(path: string, read: YamlReader): Promise<MappingOutcome> {
  const file = await read(path, MAPPING_LIMITS.file_bytes_max)
  if (!file.ok) return { ok: false, problems: file.problems.slice(0, 1).map((problem) => ({ ...problem, path: '' })) }
  const checked = checkMapping(file.value)
  if (isMapping(checked)) return { ok: true, mapping: checked }
  const found = checked.slice(0, PROBLEMS_MAX)
  const positions = await file.locate(found.map((one) => one.path))
  return { ok: false, problems: found.map((one, i) => placed(one, positions[i] ?? { line: 0, column: 0 })) }
}

interface LoadOptions {
  /** Names of formats that no mapping may have. */
  readonly taken: readonly string[]
  readonly read: YamlReader
}

/** `files` as written in the configuration `config`. */
export async function loadMappings(
  config: string,
  files: readonly string[],
  { taken, read }: LoadOptions,
): Promise<LoadedMappings> {
  const mappings: Mapping[] = []
  const problems: Located[] = []
  for (const [i, file] of files.entries()) {
    const wrong = (message: string) => problems.push({ path: ['mappings', i], message: `${file}${message}` })
    const outcome = await loadMapping(resolve(dirname(config), file), read)
    if (!outcome.ok) {
      for (const problem of outcome.problems) {
        wrong(`${place(problem)}: ${problem.path}${problem.path === '' ? '' : ' '}${problem.message}`)
      }
      continue
    }
    const { name } = outcome.mapping
    const known = [...taken, ...mappings.map((mapping) => mapping.name)]
    if (known.includes(name)) wrong(`: the name ${name} is that of another format: choose one of its own`)
    else mappings.push(outcome.mapping)
  }
  return { mappings, problems }
}
