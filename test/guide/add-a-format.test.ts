/** Runs docs/add-a-format.md: its blocks become a format in a copy of the tree, which passes the conformance suite there. */
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyTree, follow, runSuite } from './pages.ts'

let tree: string
beforeAll(async () => {
  tree = await copyTree()
}, 60_000)
afterAll(() => rm(tree, { recursive: true, force: true }))

describe('docs/add-a-format.md', () => {
  it('adds a format that passes the conformance suite', { timeout: 300_000 }, async () => {
    const files = ['index.ts', 'names.ts'].map((name) => `services/collector/formats/door-access/${name}`)
    const samples = 'test/conformance/formats/door-access.samples.ts'
    await follow(tree, 'add-a-format.md', [...files, samples], 'services/collector/formats/registry.ts')
    const said = await runSuite(tree, 'test/conformance/formats.test.ts', 'the format door-access')
    expect(said).toContain('the format door-access > makes valid events of every record')
    expect(said).not.toContain('failed')
  })
})
