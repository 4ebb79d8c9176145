/** The code version changes with the code that decides, and with nothing else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeVersion, detectorHash } from '../../../services/lib/code-version.ts'
import { importClosure } from '../../../services/lib/import-closure.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'moltwatch-code-'))
  write('detectors/registry.ts', "import { a } from './a/one.ts'\nimport { two } from './a/two.ts'\n")
  write(
    'detectors/a/one.ts',
    "import {\n  deep,\n} from '../lib/deep.ts'\nimport type { T } from '../../schemas/type.ts'\n",
  )
  write('detectors/a/two.ts', "import { hash } from 'node:crypto'\nimport Type from 'typebox'\n")
  write('detectors/lib/deep.ts', "export { x } from './deeper.ts'\n")
  write('detectors/lib/deeper.ts', 'one\ntwo\n')
  write('services/detector/engine/index.ts', "export { stage } from './stage.ts'\n")
  write('services/detector/engine/stage.ts', "import { id } from '../../../schemas/ids.ts'\n")
  write('schemas/ids.ts', 'three')
  write('schemas/type.ts', 'a type')
  write('package.json', JSON.stringify({ dependencies: { typebox: '1.0.0', pino: '1.0.0' } }))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

describe('the code version', () => {
  it('is the same for the same code, whatever lies beside it and however lines end', () => {
    const before = codeVersion(root)
    expect(before).toMatch(/^[0-9a-f]{32}$/)
    write('detectors/versions.lock.json', '{}')
    write('detectors/lib/deep.cases.ts', 'a case')
    write('detectors/a/unused.ts', 'in no registry')
    write('schemas/type.ts', 'another type')
    write('services/detector/runtime/service.ts', 'another wait')
    write('package.json', JSON.stringify({ dependencies: { typebox: '1.0.0', pino: '2.0.0' } }))
    write('detectors/lib/deeper.ts', 'one\r\ntwo\r\n')
    expect(codeVersion(root)).toBe(before)
  })

  it('changes with the engine, a detector and whatever they import, however far away', () => {
    const seen = new Set([codeVersion(root)])
    const changed = (path: string, text: string): void => {
      write(path, text)
      seen.add(codeVersion(root))
    }
    changed('detectors/lib/deeper.ts', 'other')
    changed('schemas/ids.ts', 'other')
    changed('services/detector/engine/stage.ts', 'other')
    changed('detectors/registry.ts', "import { a } from './a/one.ts'\n")
    changed('detectors/registry.ts', "import { two } from './a/two.ts'\n")
    changed('package.json', JSON.stringify({ dependencies: { typebox: '2.0.0' } }))
    expect(seen.size).toBe(7)
  })

  it('of a detector is that of its own closure', () => {
    const [one, two] = [detectorHash('a/one', root), detectorHash('a/two', root)]
    write('detectors/lib/deeper.ts', 'other')
    expect(detectorHash('a/one', root)).not.toBe(one)
    expect(detectorHash('a/two', root)).toBe(two)
  })

  it('covers the engine and the detectors of this project, and no cases, runtime or collector', () => {
    const here = join(import.meta.dirname, '../../..')
    const files = [...importClosure(here, ['detectors/registry.ts', 'services/detector/engine/index.ts']).files.keys()]
    for (const path of [
      'detectors/lib/influence/join.ts',
      'detectors/habits/sources.ts',
      'services/detector/engine/stage-two.ts',
      'schemas/frame.ts',
      'schemas/limits.ts',
    ]) {
      expect(files).toContain(path)
    }
    expect(files.filter((path) => /\.cases\.ts$|(^|\/)(runtime|collector|responder)\//.test(path))).toEqual([])
  })
})
