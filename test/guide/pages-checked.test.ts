/**
 * Follows all pages that add something in one copy of the tree, and runs `npm run check` there: what a reader pastes is
 * formatted, typed, used and in its place, and what all detectors together may keep has room for one more.
 */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  copyOfTree,
  failedOf,
  follow,
  generateApiPage,
  passedOf,
  runConformance,
  SUITE_MS,
  type TreeCopy,
} from './tree.ts'

let tree: TreeCopy

beforeAll(async () => {
  tree = await copyOfTree()
  const pages = (await readdir(`${tree.path}/docs`)).filter((name) => /^add-an?-/.test(name))
  expect(pages.length).toBeGreaterThan(4)
  for (const page of pages) await follow(tree, page)
  await tree.node('scripts/lock-detectors.ts')
  await generateApiPage(tree)
})
afterAll(() => tree.remove())

it('what the pages add passes the check', { timeout: SUITE_MS }, async () => {
  const check = promisify(execFile)(process.execPath, ['scripts/check.ts'], { cwd: tree.path })
  const { stdout } = await check.catch((error: { stdout: string; stderr: string }) => ({
    stdout: `${error.stdout}\n${error.stderr}`,
  }))
  expect(stdout.trimEnd().split('\n').slice(-30).join('\n')).toMatch(/check: ok$/)
})

it('the catalogue has room for one more detector', { timeout: SUITE_MS }, async () => {
  const tests = await runConformance(tree, 'test/conformance/detectors.test.ts', 'the registry')
  expect(failedOf(tests)).toEqual([])
  expect(passedOf(tests, 'the registry')).toBeGreaterThan(2)
})
