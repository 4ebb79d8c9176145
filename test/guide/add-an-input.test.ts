/** Runs docs/add-an-input.md: its blocks become an input in a copy of the tree, which passes the conformance suite there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfTree, failedOf, follow, passedOf, runConformance, SUITE_MS, type TreeCopy } from './tree.ts'

let tree: TreeCopy
beforeAll(async () => {
  tree = await copyOfTree()
})
afterAll(() => tree.remove())

describe('docs/add-an-input.md', () => {
  it('adds an input that passes the conformance suite', { timeout: SUITE_MS }, async () => {
    await follow(tree, 'add-an-input.md')
    const tests = await runConformance(tree, 'test/conformance/inputs.test.ts', 'the input mailbox')
    expect(failedOf(tests)).toEqual([])
    expect(passedOf(tests, 'the input mailbox')).toBeGreaterThan(4)
  })
})
