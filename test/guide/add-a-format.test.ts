/** Runs docs/add-a-format.md: its blocks become a format in a copy of the tree, which passes the conformance suite there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfTree, failedOf, follow, passedOf, runConformance, SUITE_MS, type TreeCopy } from './tree.ts'

let tree: TreeCopy
beforeAll(async () => {
  tree = await copyOfTree()
})
afterAll(() => tree.remove())

describe('docs/add-a-format.md', () => {
  it('adds a format that passes the conformance suite', { timeout: SUITE_MS }, async () => {
    await follow(tree, 'add-a-format.md')
    const tests = await runConformance(tree, 'test/conformance/formats.test.ts', 'the format door-access')
    expect(failedOf(tests)).toEqual([])
    expect(passedOf(tests, 'the format door-access')).toBeGreaterThan(10)
  })
})
