/**
 * Runs docs/add-a-sink.md: its code blocks become a type of sink, its receiver, a registry line and a section of the page in
 * a copy of the tree, and the conformance suite asks the new type as it asks all others
 * (which it asks by itself).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfTree, failedOf, follow, passedOf, runConformance, SUITE_MS, type TreeCopy } from './tree.ts'

let tree: TreeCopy
beforeAll(async () => {
  tree = await copyOfTree()
})
afterAll(() => tree.remove())

describe('docs/add-a-sink.md', () => {
  it('adds a type with two files, one registry line and a section, and the suite takes it up', {
    timeout: SUITE_MS,
  }, async () => {
    await follow(tree, 'add-a-sink.md')
    const tests = await runConformance(tree, 'test/conformance/sinks.test.ts', 'ntfy')
    expect(failedOf(tests)).toEqual([])
    expect(passedOf(tests, 'ntfy')).toBeGreaterThan(5)
  })
})
