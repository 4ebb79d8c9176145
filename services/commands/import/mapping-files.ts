/** Mappings that a command names on its command line. */
import { readFile } from 'node:fs/promises'
import { Option } from 'commander'
import { formatProblems } from '../../lib/config.ts'
import { parseMapping } from '../../lib/mappings/read.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'
import { UsageError } from '../../lib/errors.ts'

/** `--mapping FILE`, as often as there are mappings. */
export const mappingOption = (): Option =>
  new Option('--mapping <file>', 'a mapping that the files are read with, too; may be given several times')
    .argParser((file: string, before: readonly string[]) => [...before, file])
    .default([])

export const readMappings = (files: readonly string[]): Promise<Mapping[]> => Promise.all(files.map(readMapping))

/** Throws UsageError with everything that is wrong in the file. */
export async function readMapping(file: string): Promise<Mapping> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error })
  }
  const outcome = parseMapping(text)
  if (!outcome.ok) throw new UsageError(formatProblems(file, outcome.problems))
  return outcome.mapping
}
