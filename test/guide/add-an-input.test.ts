/** Runs docs/add-an-input.md: its blocks become an input in a copy of the tree, which passes the conformance suite there. */
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyTree, follow, runSuite } from './pages.ts'

let tree: string
beforeAll(async () => {
  tree = await copyTree()
}, 60_000)
afterAll(() => rm(tree, { recursive: true, force: true }))

describe('docs/add-an-input.md', () => {
  it('adds an input that passes the conformance suite', { timeout: 300_000 }, async () => {
    const files = ['services/collector/inputs/mailbox/index.ts', 'test/conformance/inputs/mailbox.samples.ts']
    await follow(tree, 'add-an-input.md', files, 'services/collector/inputs/registry.ts')
    const said = await runSuite(tree, 'test/conformance/inputs.test.ts', 'the input mailbox')
    expect(said).toContain('the input mailbox > refuses a body of which nothing is a record')
    expect(said).not.toContain('failed')
  })
})
