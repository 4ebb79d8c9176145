/**
 * Runs docs/add-a-sink.md: its code blocks become a type of sink, its receiver, a registry line and a section of the page in
 * a copy of the tree, and the conformance suite asks the new type as it asks all others
 * (which it asks by itself).
 */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfTree, runConformance, type TreeCopy } from './tree.ts'
import { block } from './markdown.ts'

let tree: TreeCopy

describe('docs/add-a-sink.md', () => {
  beforeAll(async () => {
    tree = await copyOfTree(['docs/sinks.md'])
  })
  afterAll(() => tree.remove())

  it('adds a type with two files, one registry line and a section, and the suite takes it up', async () => {
    const page = await readFile(join(tree.source, 'docs/add-a-sink.md'), 'utf8')
    for (const path of ['services/responder/sinks/ntfy/index.ts', 'test/conformance/sinks/ntfy.ts']) {
      await mkdir(dirname(join(tree.path, path)), { recursive: true })
      await writeFile(join(tree.path, path), block(page, `\`${path}\`\n`))
    }
    const [imported, line] = block(page, '## 3. The registry').trim().split('\n') as [string, string]
    const registryPath = join(tree.path, 'services/responder/sinks/registry.ts')
    const registry = await readFile(registryPath, 'utf8')
    const changed = registry
      .replace('\nexport const', `${imported}\n\nexport const`)
      .replace('AnySinkType[] = [', `AnySinkType[] = [${line} `)
    await writeFile(registryPath, changed)
    const section = /```markdown\n(.*?)```/s.exec(page)?.[1]
    await appendFile(join(tree.path, 'docs/sinks.md'), `\n${section}`)

    const tests = await runConformance(tree, 'test/conformance/sinks.test.ts', 'ntfy')
    expect(tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)).toEqual([])
    const passed = tests.filter(({ fullName, status }) => fullName.startsWith('ntfy') && status === 'passed')
    expect(passed.length).toBeGreaterThan(5)
  })
})
