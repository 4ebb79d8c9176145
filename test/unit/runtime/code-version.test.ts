/** The code version changes with the code that decides, and with nothing else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeVersion } from '../../../services/lib/code-version.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moltwatch-code-'))
  write('detectors/lib/a.ts', 'one\ntwo\n')
  write('schemas/b.ts', 'three')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

describe('the code version', () => {
  it('is the same for the same code, whatever lies beside it and however lines end', async () => {
    const before = await codeVersion(root)
    expect(before).toMatch(/^[0-9a-f]{32}$/)
    write('detectors/versions.lock.json', '{}')
    write('detectors/lib/a.cases.ts', 'a case')
    write('services/c.ts', 'elsewhere')
    write('detectors/lib/a.ts', 'one\r\ntwo\r\n')
    expect(await codeVersion(root)).toBe(before)
  })

  it('changes when a file changes, comes, goes or is renamed', async () => {
    const seen = new Set([await codeVersion(root)])
    write('schemas/b.ts', 'three!')
    seen.add(await codeVersion(root))
    write('detectors/new.ts', '')
    seen.add(await codeVersion(root))
    rmSync(join(root, 'detectors/new.ts'))
    write('detectors/other.ts', '')
    seen.add(await codeVersion(root))
    expect(seen.size).toBe(4)
  })

  it('is known for this project', async () => {
    expect(await codeVersion()).toMatch(/^[0-9a-f]{32}$/)
  })
})
