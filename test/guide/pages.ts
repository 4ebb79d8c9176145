/** What the tests of the pages that add something share: their blocks as files of a copy of the tree, and suites run there. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')

/** A fenced block of the page, by the word before it. */
function block(page: string, before: string): string {
  const open = page.indexOf('```ts', page.indexOf(before))
  const start = page.indexOf('\n', open) + 1
  return page.slice(start, page.indexOf('```', start))
}

/** A copy of the tree in which nothing of this one changes; the packages are this one's. */
export async function copyTree(): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'moltwatch-page-'))
  for (const part of [
    'schemas',
    'detectors',
    'services',
    'test',
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
    'scripts',
    'infra',
  ]) {
    await cp(join(ROOT, part), join(tree, part), { recursive: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  return tree
}

/** Writes the files that the page names, and its import and entry into the registry. */
export async function follow(tree: string, name: string, files: readonly string[], registry: string): Promise<void> {
  const page = await readFile(join(ROOT, 'docs', name), 'utf8')
  for (const path of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), block(page, `\`${path}\`\n`))
  }
  const [imported, entry] = block(page, 'The registry\n').trim().split('\n') as [string, string]
  const text = await readFile(join(tree, registry), 'utf8')
  const at = text.indexOf('= [') + 3
  await writeFile(join(tree, registry), `${imported}\n${text.slice(0, at)}${entry} ${text.slice(at)}`)
}

/** Runs a suite in the tree, the tests whose name has these words; answers what it printed. */
export async function runSuite(tree: string, suite: string, words: string): Promise<string> {
  const vitest = join(tree, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [vitest, 'run', suite, '-t', words, '--reporter=verbose', '--maxWorkers=1', '--no-color'],
    { cwd: tree, timeout: 240_000, maxBuffer: 64 * 1024 * 1024 },
  )
  return stdout
}
