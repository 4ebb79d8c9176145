/**
 * Runs docs/add-a-route.md: its code blocks become two files and one registry line in a copy of the tree, the page of the
 * API is generated anew there, and the conformance suite asks the new route as it asks all others.
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { block } from './markdown.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)
let tree: string

interface Outcome {
  readonly numFailedTests: number
  readonly testResults: readonly { readonly assertionResults: readonly { fullName: string; status: string }[] }[]
}

/** The conformance suite of the copy, as vitest reports it. */
async function conformance(): Promise<Outcome> {
  const file = join(tree, 'outcome.json')
  const options = ['--reporter=json', `--outputFile=${file}`]
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  await run(process.execPath, [vitest, 'run', 'test/conformance/routes.test.ts', ...options], { cwd: tree }).catch(
    // A suite that fails ends with 1; its report says what failed.
    () => undefined,
  )
  return JSON.parse(await readFile(file, 'utf8')) as Outcome
}

describe('docs/add-a-route.md', () => {
  beforeAll(async () => {
    tree = await mkdtemp(join(tmpdir(), 'moltwatch-guide-'))
    const parts = ['schemas', 'detectors', 'services', 'infra', 'scripts', 'test', 'docs/api.md', 'package.json']
    for (const part of [...parts, 'vitest.config.ts']) await cp(join(ROOT, part), join(tree, part), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  })
  afterAll(() => rm(tree, { recursive: true, force: true }))

  it('adds a route with two files and one registry line, and the suite and the documents take it up', async () => {
    const page = await readFile(join(ROOT, 'docs/add-a-route.md'), 'utf8')
    for (const path of ['services/api/questions/owners.ts', 'services/api/routes/owners.ts']) {
      await writeFile(join(tree, path), block(page, `\`${path}\`\n`))
    }
    const [imported, line] = block(page, '## 3. The registry').trim().split('\n') as [string, string]
    const path = join(tree, 'services/api/registry.ts')
    const registry = await readFile(path, 'utf8')
    await writeFile(
      path,
      registry.replace('export const', `${imported}\nexport const`).replace('\n]', `\n  ${line}\n]`),
    )
    await run(process.execPath, [join(tree, 'services/main.ts'), 'openapi', '--page', 'docs/api.md'], { cwd: tree })
    expect(await readFile(join(tree, 'docs/api.md'), 'utf8')).toContain('`GET /v1/owners`')

    const { numFailedTests, testResults } = await conformance()
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    expect(tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)).toEqual([])
    expect(numFailedTests).toBe(0)
    const passed = tests.filter(({ fullName, status }) => fullName.startsWith('GET /owners') && status === 'passed')
    expect(passed.length).toBeGreaterThan(4)
  })
})
