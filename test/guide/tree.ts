/** A copy of the tree in which a page's steps are carried out, and the conformance suites that are run there. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
const PARTS = ['schemas', 'detectors', 'services', 'infra', 'scripts', 'test', 'package.json', 'vitest.config.ts']
const run = promisify(execFile)

export interface TreeCopy {
  readonly path: string
  /** The tree that it is a copy of. */
  readonly source: string
  remove(): Promise<void>
}

export async function copyOfTree(more: readonly string[]): Promise<TreeCopy> {
  const path = await mkdtemp(join(tmpdir(), 'moltwatch-guide-'))
  for (const part of [...PARTS, ...more]) await cp(join(ROOT, part), join(path, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  return { path, source: ROOT, remove: () => rm(path, { recursive: true, force: true }) }
}

export interface TestOutcome {
  readonly fullName: string
  readonly status: string
}

/** What each test of a suite came to in the copy. */
export async function runConformance(
  { path }: TreeCopy,
  suite: string,
  entry: string,
): Promise<readonly TestOutcome[]> {
  const file = join(path, 'outcome.json')
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const options = ['run', suite, '--testNamePattern', entry, '--reporter=json', `--outputFile=${file}`]
  // A suite that fails ends with 1; its report says what failed.
  await run(process.execPath, [vitest, ...options], { cwd: path }).catch(() => undefined)
  const { testResults } = JSON.parse(await readFile(file, 'utf8')) as {
    readonly testResults: readonly { readonly assertionResults: readonly TestOutcome[] }[]
  }
  return testResults.flatMap(({ assertionResults }) => assertionResults)
}
