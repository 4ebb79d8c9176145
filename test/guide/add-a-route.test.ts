/**
 * Runs docs/add-a-route.md: its code blocks become two files and one registry line in a copy of the tree, the page of the
 * API is generated anew there, and the conformance suite asks the new route as it asks all others.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
})
afterAll(() => tree.remove())

describe('docs/add-a-route.md', () => {
  it('adds a route with two files and one registry line, and the suite and the documents take it up', {
    timeout: SUITE_MS,
  }, async () => {
    await follow(tree, 'add-a-route.md')
    await generateApiPage(tree)
    expect(await readFile(join(tree.path, 'docs/api.md'), 'utf8')).toContain('`GET /v1/owners`')

    const tests = await runConformance(tree, 'test/conformance/routes.test.ts')
    expect(failedOf(tests)).toEqual([])
    expect(passedOf(tests, 'GET /owners')).toBeGreaterThan(4)
  })
})
