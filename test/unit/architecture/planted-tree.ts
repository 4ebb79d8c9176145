/**
 * A small tree that keeps every rule of the architecture, in a folder of its own, and what each rule says once one file in
 * it is replaced or added.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkTree, readTree } from '../../../scripts/architecture/check.ts'
import type { Violation } from '../../../scripts/architecture/violation.ts'

const HEADER = '/** A file that is here to be checked. */\n'

/** The first line of code that follows the header is line 2. */
export const withHeader = (code: string): string => `${HEADER}${code}\n`

const MANIFEST = {
  dependencies: { typebox: '1.0.0', kafkajs: '1.0.0', undici: '1.0.0' },
  devDependencies: { vitest: '1.0.0' },
}

const TABLE = `| name | version | why |
|---|---|---|
| \`typebox\` | 1.0.0 | types |
| \`kafkajs\` | 1.0.0 | Kafka |
| \`undici\` | 1.0.0 | HTTP |
| \`vitest\` | 1.0.0 | tests |
`

const CLEAN: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify(MANIFEST),
  'docs/dependencies.md': TABLE,
  'schemas/limits.ts': withHeader('export const LIMITS = {\n  name_chars_max: 256,\n} as const'),
  'schemas/event.ts': withHeader(
    "import Type from 'typebox'\nimport { LIMITS } from './limits.ts'\nexport const NAME = Type.String({ maxLength: LIMITS.name_chars_max })",
  ),
  'schemas/ids.ts': withHeader(
    "import { hash } from 'node:crypto'\nexport const id = (text: string) => hash('sha256', text)",
  ),
  'detectors/detector.ts': withHeader("export type { NAME } from '../schemas/event.ts'"),
  'detectors/lib/maths.ts': withHeader(
    'export const day = (time: number) => new Date(time).toISOString().slice(0, 10)',
  ),
  'detectors/peer/one.ts': withHeader(
    "import { day } from '../lib/maths.ts'\nexport const one = (time: number) => day(time)",
  ),
  'detectors/peer/one.cases.ts': withHeader("import { one } from './one.ts'\nexport const cases = [one(0)]"),
  'detectors/peer/two.ts': withHeader("export { day as two } from '../lib/maths.ts'"),
  'detectors/registry.ts': withHeader("export { one } from './peer/one.ts'\nexport { two } from './peer/two.ts'"),
  'services/lib/clock.ts': withHeader('export const systemClock = { now: () => Date.now() }'),
  'services/lib/log/kafka/index.ts': withHeader("export { Kafka } from 'kafkajs'"),
  'services/detector/engine/stage.ts': withHeader("export { one } from '../../../detectors/registry.ts'"),
  'services/detector/worker.ts': withHeader("export { one } from './engine/stage.ts'"),
  'services/collector/index.ts': withHeader("export { request } from 'undici'"),
  'services/main.ts': withHeader(
    "import './detector/worker.ts'\nimport './collector/index.ts'\nexport const port = process.env['PORT'] ?? new Date()",
  ),
  'test/unit/one.test.ts': withHeader(
    "import { it } from 'vitest'\nimport '../../services/collector/index.ts'\nit('runs', () => {})",
  ),
}

/** What the rules say of the clean tree with `changes` (path to text, undefined to remove), in a folder that is then gone. */
export const checkPlanted = (changes: Readonly<Record<string, string | undefined>>, registry?: string): Violation[] => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'moltwatch-architecture-')))
  const root = join(folder, 'project')
  const neighbour = join(folder, 'neighbour')
  try {
    mkdirSync(neighbour)
    for (const [path, text] of Object.entries({ ...CLEAN, ...changes })) {
      if (text === undefined) continue
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text.replaceAll('{ROOT}', root).replaceAll('{NEIGHBOUR}', neighbour))
    }
    return checkTree(readTree(root, registry))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
