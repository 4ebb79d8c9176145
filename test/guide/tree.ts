/** A copy of the tree in which a page's steps are carried out, and the suites and checks that are run there. */
import { execFile } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
/** What npm installs, what git keeps, and what a build leaves. */
const NOT_COPIED = new Set(['node_modules', '.git', 'services/console/dist'])
const run = promisify(execFile)

/** For a whole suite in the copy, on a machine that may do much else. */
export const SUITE_MS = 300_000

export interface TreeCopy {
  readonly path: string
  /** Runs a script of the tree in it, and answers what it printed. Throws with its output where it fails. */
  node(script: string, ...args: readonly string[]): Promise<string>
  remove(): Promise<void>
}

export async function copyOfTree(): Promise<TreeCopy> {
  const path = await mkdtemp(join(tmpdir(), 'moltwatch-guide-'))
  await cp(ROOT, path, { recursive: true, filter: (from) => !NOT_COPIED.has(relative(ROOT, from)) })
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  return {
    path,
    async node(script, ...args) {
      const { stdout } = await run(process.execPath, [join(path, script), ...args], { cwd: path })
      return stdout
    },
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

/** A fenced block that follows the name of its file: `path`, perhaps some words, an empty line, the block. */
const FILE_BLOCK = /^`([\w./-]+\.\w+)`[^\n]*\n\n```\w+[^\n]*\n(.*?)```/gms
/** The line in front of the block with an import and an entry, and the block. */
const REGISTRY =
  /^One import and one (?:line|entry)\b[^\n]*`([\w./-]+\/registry\.ts)`[^\n]*\n\n```ts[^\n]*\n(.*?)\n(.*?)\n```/ms
/** The sections that a page adds to another one: `A section in [sinks.md](sinks.md)`. */
const SECTION = /section in \[[\w.]+\]\(([\w.]+)\)[^\n]*\n\n```markdown\n(.*?)```/gs

/** Puts the import behind the others and the entry at the end of the first list. */
function entered(registry: string, imported: string, entry: string): string {
  const lastImport = registry.lastIndexOf('\nimport ') + 1
  const behind = registry.indexOf('\n', lastImport) + 1
  const list = registry.indexOf('= [', behind)
  const end = registry.indexOf(']', list + 3)
  const before = registry.slice(behind, end).trimEnd()
  const comma = before.endsWith(',') ? '' : ','
  return `${registry.slice(0, behind)}${imported}\n${before}${comma} ${entry}${registry.slice(end)}`
}

/** Carries out the steps of `docs/add-a-….md` that write files. */
export async function follow(tree: TreeCopy, name: string): Promise<void> {
  const page = await readFile(join(ROOT, 'docs', name), 'utf8')
  const [, registry, imported, entry] = REGISTRY.exec(page) ?? []
  if (registry === undefined || imported === undefined || entry === undefined)
    throw new Error(`docs/${name} has no import and entry of a registry`)
  for (const [, path, text] of page.matchAll(FILE_BLOCK)) {
    if (path === undefined || text === undefined || path === registry) continue
    await mkdir(dirname(join(tree.path, path)), { recursive: true })
    await writeFile(join(tree.path, path), text)
  }
  const file = join(tree.path, registry)
  await writeFile(file, entered(await readFile(file, 'utf8'), imported, entry))
  // A person keeps the lines of the list as they are; what the page shows must be formatted as it stands.
  await run(join(ROOT, 'node_modules/.bin/biome'), ['format', '--write', file], { cwd: tree.path })
  for (const [, other, text] of page.matchAll(SECTION)) await appendFile(join(tree.path, `docs/${other}`), `\n${text}`)
}

/** `npm run docs:api`. */
export const generateApiPage = (tree: TreeCopy): Promise<string> =>
  tree.node('services/main.ts', 'openapi', '--page', 'docs/api.md', '--types', 'services/console/api.types.ts')

export interface TestOutcome {
  readonly fullName: string
  readonly status: string
}

/** What the tests of a suite came to in the copy, those alone whose full name has these words where words are given. */
export async function runConformance(
  { path }: TreeCopy,
  suite: string,
  words?: string,
): Promise<readonly TestOutcome[]> {
  const file = join(path, 'outcome.json')
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const only = words === undefined ? [] : ['--testNamePattern', words]
  const options = ['run', suite, ...only, '--reporter=json', `--outputFile=${file}`]
  // A suite that fails ends with 1; its report says what failed.
  await run(process.execPath, [vitest, ...options], { cwd: path }).catch(() => undefined)
  const { testResults } = JSON.parse(await readFile(file, 'utf8')) as {
    readonly testResults: readonly { readonly assertionResults: readonly TestOutcome[] }[]
  }
  await rm(file)
  return testResults.flatMap(({ assertionResults }) => assertionResults)
}

/** The names of those that failed. */
export const failedOf = (tests: readonly TestOutcome[]): string[] =>
  tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)

/** How many passed whose full name begins so. */
export const passedOf = (tests: readonly TestOutcome[], start: string): number =>
  tests.filter(({ fullName, status }) => status === 'passed' && fullName.startsWith(start)).length
