/** What a test run prints last is right whatever happens in it: continuous integration and people go by that line. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const REPORTER = pathToFileURL(join(ROOT, 'scripts/vitest-closing-line.ts')).href
const run = promisify(execFile)

interface Outcome {
  readonly code: number
  readonly lines: readonly string[]
}

/** Runs vitest over one test file with this text, in a folder of its own. */
const runTests = async (text: string, ...options: readonly string[]): Promise<Outcome> => {
  const root = mkdtempSync(join(tmpdir(), 'moltwatch-closing-line-'))
  try {
    const config = `import { closingLine } from '${REPORTER}'
      export default { test: { globals: true, pool: 'forks', reporters: ['default', closingLine()] } }`
    mkdirSync(join(root, 'test'))
    writeFileSync(join(root, 'vitest.config.ts'), config)
    writeFileSync(join(root, 'test/a.test.ts'), text)
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const outcome = await run(process.execPath, [vitest, 'run', '--root', root, ...options]).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => error,
    )
    return { code: outcome.code, lines: outcome.stdout.trimEnd().split('\n') }
  } finally {
    rmSync(root, { recursive: true })
  }
}

it.each([
  ["it('a', () => {}); it.skip('b', () => {}); it.todo('c')", 0, '1 passed, 0 failed, 2 skipped'],
  ["it('a', () => {}); it('b', () => { throw new Error('no') })", 1, '1 passed, 1 failed, 0 skipped'],
  ["it('a', () => {})\nthrow new Error('no test of this file can run')", 1, '0 passed, 1 failed, 0 skipped'],
  ['export {}', 1, '0 passed, 1 failed, 0 skipped'],
  ["it('a', () => { void Promise.reject(new Error('nobody waits')) })", 1, '1 passed, 1 failed, 0 skipped'],
])('closes %j with exit code %i and %j', async (text, code, line) => {
  const outcome = await runTests(text)
  expect([outcome.code, outcome.lines.at(-1)]).toEqual([code, line])
})

it('says what was left out and why', async () => {
  const { lines } = await runTests("it('needs Java', (context) => context.skip('there is no Java here'))")
  expect(lines.slice(-3)).toEqual([
    'Left out:',
    '  test/a.test.ts: needs Java: there is no Java here',
    '0 passed, 0 failed, 1 skipped',
  ])
})

it('does not list those that were not asked for by name', async () => {
  const { lines } = await runTests("it('a', () => {}); it('b', () => {})", '-t', 'a')
  expect(lines).not.toContain('Left out:')
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped')
})
