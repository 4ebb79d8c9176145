/** Reads the YAML files next to the configuration, and says of each problem where in which file it is. */
import type { YamlFile, YamlReader } from '../yaml/read.ts'
import { type ConfigProblem, type Located, showPath } from './problems.ts'

/** Of one file; what is wrong first is told. */
export const PROBLEMS_MAX = 20

/** What is wrong with a file that could be read, with line and column, as far as PROBLEMS_MAX goes. */
export async function located(
  file: Extract<YamlFile, { ok: true }>,
  found: readonly Located[],
): Promise<readonly ConfigProblem[]> {
  const told = found.slice(0, PROBLEMS_MAX)
  const positions = await file.locate(told.map(({ path }) => path))
  return told.map(({ path, message }, i) => ({
    ...(positions[i] ?? { line: 0, column: 0 }),
    path: showPath(path),
    message,
  }))
}

/** What `check` makes of the file at this path, or what is wrong with it. */
export async function readBeside<T>(
  path: string,
  read: YamlReader,
  check: (given: unknown) => { readonly value: T } | { readonly found: readonly Located[] },
): Promise<{ readonly value: T } | { readonly problems: readonly ConfigProblem[] }> {
  const file = await read(path)
  if (!file.ok) return { problems: file.problems.map((problem) => ({ file: path, ...problem, path: '' })) }
  const checked = check(file.value)
  if ('value' in checked) return checked
  const problems = await located(file, checked.found)
  return { problems: problems.map((problem) => ({ file: path, ...problem })) }
}
