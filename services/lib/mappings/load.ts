/** The mappings that a configuration names, from their files beside it. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Located } from '../config/semantics.ts'
import { parseMapping } from './read.ts'
import type { Mapping } from './schema.ts'

export interface LoadedMappings {
  readonly mappings: readonly Mapping[]
  /** Each at its place in the list `mappings` of the configuration. */
  readonly problems: readonly Located[]
}

const place = ({ line, column }: { line: number; column: number }): string => (line === 0 ? '' : `:${line}:${column}`)

/** `files` as they stand in the configuration `config`; `taken`: names of formats that no mapping may have. */
export async function loadMappings(
  config: string,
  files: readonly string[],
  taken: readonly string[],
): Promise<LoadedMappings> {
  const mappings: Mapping[] = []
  const problems: Located[] = []
  for (const [i, file] of files.entries()) {
    const wrong = (message: string) => problems.push({ path: ['mappings', i], message: `${file}${message}` })
    let text: string
    try {
      text = await readFile(resolve(dirname(config), file), 'utf8')
    } catch (error) {
      wrong(`: cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`)
      continue
    }
    const outcome = parseMapping(text)
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
