/**
 * The architecture check must catch what it promises to catch: each row plants one violation into a tree that keeps every
 * rule. And it must keep quiet about what looks like one and is none, or people would learn to pass it by.
 */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkTree, readTree } from '../../../scripts/architecture/check.ts'
import { formatViolation } from '../../../scripts/architecture/violation.ts'
import { checkPlanted, withHeader } from './planted-tree.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

it('finds nothing in this project', () => {
  expect(checkTree(readTree(ROOT)).map(formatViolation)).toEqual([])
})

it('finds nothing in the tree that the violations below are planted in', () => {
  expect(checkPlanted({}).map(formatViolation)).toEqual([])
})

/** Rule, file, code on its second line. The violation must be the only one and stand on that line. */
const planted: readonly (readonly [rule: string, path: string, code: string])[] = [
  // Who may import whom, in every way there is to import.
  ['layers', 'schemas/a.ts', "import { day } from '../detectors/lib/maths.ts'\nexport const a = day"],
  [
    'layers',
    'schemas/a.ts',
    "import type { systemClock } from '../services/lib/clock.ts'\nexport type A = typeof systemClock",
  ],
  ['layers', 'schemas/a.ts', "export { day } from '../detectors/lib/maths.ts'"],
  ['layers', 'schemas/a.ts', "export * from '../detectors/lib/maths.ts'"],
  ['layers', 'schemas/a.ts', "export const a = () => import('../detectors/lib/maths.ts')"],
  ['layers', 'schemas/a.ts', 'export const a = () => import(`../detectors/lib/maths.ts`)'],
  ['layers', 'schemas/a.ts', "export type A = import('../detectors/lib/maths.ts')"],
  ['layers', 'services/api/a.ts', "export const a = require('../collector/index.ts')"],
  ['layers', 'services/api/a.ts', "export const a = require.resolve('../collector/index.ts')"],
  ['layers', 'services/api/a.ts', "import a = require('../collector/index.ts')\nexport { a }"],
  ['layers', 'services/api/a.ts', "export const a = new URL('../collector/index.ts', import.meta.url)"],
  ['layers', 'detectors/peer/three.ts', "import { one } from './one.ts'\nexport const three = one"],
  ['layers', 'detectors/peer/three.ts', "export { one } from '../registry.ts'"],
  ['layers', 'detectors/lib/a.ts', "export { one } from '../peer/one.ts'"],
  ['layers', 'detectors/peer/three.ts', "export { systemClock } from '../../services/lib/clock.ts'"],
  ['layers', 'services/lib/a.ts', "export { one } from '../../detectors/peer/one.ts'"],
  ['layers', 'services/lib/a.ts', "export { one } from '../detector/worker.ts'"],
  ['layers', 'services/api/a.ts', "export { request } from '../collector/index.ts'"],
  ['layers', 'services/api/a.ts', "export { one } from '../../detectors/peer/one.ts'"],
  ['layers', 'services/api/a.ts', "export { one } from '../detector/engine/stage.ts'"],
  ['layers', 'services/api/a.ts', "export { port } from '../main.ts'"],
  ['layers', 'services/detector/engine/a.ts', "export { systemClock } from '../../lib/clock.ts'"],
  ['layers', 'services/detector/engine/a.ts', "export { one } from '../worker.ts'"],
  ['layers', 'services/commands/a.ts', "import '../../test/unit/one.test.ts'"],
  ['layers', 'services/roles/a.ts', "import '../commands/lib/command.ts'"],
  ['layers', 'services/api/a.ts', "import '../roles/role.ts'"],
  ['layers', 'scripts/a.ts', "export { request } from '../services/collector/index.ts'"],
  ['layers', 'infra/a.ts', "export { systemClock } from '../services/lib/clock.ts'"],
  ['layers', 'elsewhere/a.ts', "export { id } from '../schemas/ids.ts'"],
  ['layers', 'schemas/a.ts', "export { id } from './ids'"],
  ['layers', 'schemas/a.ts', "export { id } from './ids.js'"],
  ['layers', 'services/api/a.ts', "export { id } from '../../../other/ids.ts'"],
  ['layers', 'services/api/a.ts', "export { id } from '/opt/other/ids.ts'"],
  ['computed-import', 'services/api/a.ts', 'export const a = (name: string) => import(name)'],
  ['computed-import', 'services/api/a.ts', 'export const a = (name: string) => import(`../${name}.ts`)'],

  // What the core may take from outside.
  ['pure-packages', 'schemas/a.ts', "export { request } from 'undici'"],
  ['pure-packages', 'detectors/peer/three.ts', "export { hash } from 'undici'"],
  ['pure-packages', 'detectors/peer/three.ts', "export { readFileSync } from 'node:fs'"],
  ['pure-packages', 'detectors/peer/three.ts', "export { readFileSync } from 'fs'"],
  ['pure-packages', 'services/detector/engine/a.ts', "export { setTimeout } from 'node:timers/promises'"],
  ['pure-packages', 'schemas/a.ts', "export { randomBytes } from 'node:crypto'"],
  ['pure-packages', 'schemas/a.ts', "import * as everything from 'node:crypto'\nexport { everything }"],
  ['pure-packages', 'schemas/a.ts', "export { zstdCompressSync } from 'node:zlib'"],
  ['package-home', 'services/archiver/a.ts', "export { Kafka } from 'kafkajs'"],
  ['package-home', 'services/archiver/a.ts', "export const a = import('kafkajs')"],
  ['package-home', 'services/archiver/a.ts', "export { DatabaseSync } from 'node:sqlite'"],
  ['dependencies', 'services/archiver/a.ts', "export { a } from 'left-pad'"],
  ['dependencies', 'services/archiver/a.ts', "export { it } from 'vitest'"],

  // What the core may not reach without an import.
  ['pure-core', 'schemas/a.ts', 'export const a = () => Date.now()'],
  ['pure-core', 'schemas/a.ts', "export const a = () => Date['now']()"],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = () => new Date()'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = new Date(2026, 1, 1)'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = () => Date()'],
  ['pure-core', 'detectors/peer/three.ts', 'const { now } = Date\nexport { now }'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = (b = Date) => b'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = () => Math.random()'],
  ['pure-core', 'detectors/peer/three.ts', 'const { random } = Math\nexport { random }'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = () => crypto.randomUUID()'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = () => performance.now()'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = () => setTimeout(() => {}, 1)'],
  ['pure-core', 'detectors/peer/three.ts', "export const a = process.env['A']"],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = (process as { pid: number }).pid'],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = globalThis.Date.now()'],
  ['pure-core', 'detectors/peer/three.ts', "export const a = () => fetch('https://a.example')"],
  ['pure-core', 'detectors/peer/three.ts', "export const a = () => console.log('a')"],
  ['pure-core', 'detectors/peer/three.ts', 'export const a = import.meta.url'],
  ['pure-core', 'services/detector/engine/a.ts', 'export const a = (time: number) => new Date(time).getHours()'],
  ['pure-core', 'services/detector/engine/a.ts', 'export const a = (b: string, c: string) => b.localeCompare(c)'],
  ['pure-core', 'services/detector/engine/a.ts', "export const a = new Intl.NumberFormat('en')"],

  // What services are handed.
  ['environment', 'services/archiver/a.ts', "export const a = process.env['A']"],
  ['environment', 'services/archiver/a.ts', 'const { PATH } = process.env\nexport { PATH }'],
  ['environment', 'services/archiver/a.ts', "import { env } from 'node:process'\nexport const a = env"],
  ['environment', 'services/lib/a.ts', 'export const a = () => Date.now()'],
  ['environment', 'services/lib/a.ts', 'export const a = () => new Date()'],
  ['environment', 'services/lib/a.ts', 'export const a = () => Math.random()'],
  ['environment', 'services/archiver/a.ts', 'export const a = () => process.exit(1)'],
  ['environment', 'services/archiver/a.ts', "export const a = () => console.log('a')"],
  ['environment', 'services/archiver/a.ts', "export const a = () => process.stdout.write('a')"],

  // What is never asked of an object that inherits.
  ['foreign-key', 'schemas/a.ts', 'const A: Record<string, number> = { b: 1 }; export const c = (d: string) => A[d]'],
  [
    'foreign-key',
    'schemas/a.ts',
    'const A: { [key: string]: number } = { b: 1 }; export const c = (d: string) => A[d]',
  ],
  ['foreign-key', 'schemas/a.ts', "const A = { b: 1 }; export const c = (d: string) => A[d as 'b']"],
  ['foreign-key', 'schemas/a.ts', 'const A = Object.fromEntries([["b", 1]]); export const c = (d: string) => A[d]'],
  ['foreign-key', 'schemas/a.ts', 'export const a = (b: Readonly<Record<string, number>>, c: string) => b[c]'],
  ['foreign-key', 'schemas/a.ts', 'export const a = (b: unknown, c: string) => (b as Record<string, number>)[c]'],
  ['foreign-key', 'schemas/a.ts', 'export const a = (b: Partial<Record<string, number>>, c: string) => c in b'],
  ['foreign-key', 'schemas/a.ts', 'export const a = (b: Record<string, number>, c: string) => { b[c] = 1 }'],
  [
    'foreign-key',
    'services/api/a.ts',
    'interface A { readonly b: Record<string, number> }; export const c = (d: A, e: string) => d.b[e]',
  ],

  // Errors that nobody hears.
  ['unheard-stream', 'services/archiver/a.ts', 'export const a = (b: any, c: any) => b.pipe(c)'],

  // The shape of a file.
  ['parses', 'services/archiver/a.ts', 'export const a ='],
  ['skipped-test', 'test/unit/a.test.ts', "import { it } from 'vitest'; it.only('a', () => {})"],
  ['skipped-test', 'test/unit/a.test.ts', "import { it } from 'vitest'; it.skip('a', () => {})"],
  ['skipped-test', 'test/unit/a.test.ts', "import { it } from 'vitest'; it.concurrent.skip('a', () => {})"],
  ['skipped-test', 'test/unit/a.test.ts', "import { it } from 'vitest'; it.skipIf(1 > 2)('a', () => {})"],
  ['skipped-test', 'test/unit/a.test.ts', "import { it } from 'vitest'; it('a', (context) => context.skip())"],
  ['skipped-test', 'test/unit/a.test.ts', "import { it } from 'vitest'; it('a', (context) => context.skip(1 > 2))"],

  // What holds on one machine only.
  ['machine-place', 'services/archiver/a.ts', "export const a = '{ROOT}/data'"],
  ['machine-place', 'docs/a.md', 'See {ROOT}/docs.'],
  ['machine-place', 'docs/a.md', 'The data lie in `{NEIGHBOUR}`.'],
  ['machine-place', 'docs/a.md', `See ${['registry', 'npmjs', 'org'].join('.')}.`],
  ['machine-place', '.npmrc', 'registry=https://mirror.example/npm/'],
]

describe('catches what is planted', () => {
  it.each(planted)('%s in %s: %j', (rule, path, code) => {
    const found = checkPlanted({ [path]: withHeader(code) }, 'https://mirror.example/npm/')
    expect(found.map(formatViolation)).toHaveLength(1)
    expect(found[0]).toMatchObject({ rule, path, ...(rule === 'parses' ? {} : { line: 2 }) })
    expect(found[0]?.message.length).toBeGreaterThan(20)
  })

  it.each([
    ['services/archiver/a.ts', 'export const a = 1\n'],
    ['services/archiver/a.ts', '/** A. */\nexport const a = 1\n'],
    ['infra/clickhouse/migrations/0001_a.sql', 'SELECT 1;\n'],
    ['.ci/run', '#!/usr/bin/env bash\nset -e\n'],
  ])('file-header: %s opens without a paragraph', (path, text) => {
    expect(checkPlanted({ [path]: text })).toMatchObject([{ rule: 'file-header', path, line: 1 }])
  })

  const lines = (count: number): string => Array.from({ length: count }, (_, index) => `  b(${index})`).join('\n')

  it.each([
    ['a function', `export const a = (b: (c: number) => void) => {\n${lines(69)}\n}`],
    ['a function, callbacks included', `export const a = (b: any) => {\nb.each(() => {\n${lines(67)}\n})\n}`],
    ['a method', `export const a = {\nlong(b: (c: number) => void) {\n${lines(69)}\n}\n}`],
    [
      'a factory, the short functions in it included',
      `export const a = () => {\nconst one = () => {\n${lines(40)}\n}\nconst two = () => {\n${lines(40)}\n}\nreturn { one, two }\n}`,
    ],
    [
      'a named function in a factory',
      `export const a = (b: any) => {\nconst long = () => {\n${lines(69)}\n}\nreturn long\n}`,
    ],
  ])('function-length: %s', (_title, code) => {
    expect(checkPlanted({ 'services/archiver/a.ts': withHeader(code) })).toMatchObject([{ rule: 'function-length' }])
  })

  it("circles: two files that take each other's types, and three", () => {
    const found = checkPlanted({
      'schemas/a.ts': withHeader("import type { B } from './b.ts'\nexport type A = B"),
      'schemas/b.ts': withHeader("import type { A } from './a.ts'\nexport type B = A"),
      'schemas/c.ts': withHeader("export { id } from './d.ts'"),
      'schemas/d.ts': withHeader("export { e as id } from './e.ts'\nexport type D = 1"),
      'schemas/e.ts': withHeader(
        "import type { D } from './d.ts'\nexport { a as e } from './ids.ts'\nexport type E = D",
      ),
    })
    expect(found).toMatchObject([
      { rule: 'circles', path: 'schemas/a.ts', message: expect.stringContaining('schemas/b.ts') },
      { rule: 'circles', path: 'schemas/d.ts', message: expect.stringContaining('schemas/e.ts') },
    ])
  })

  it('function-length: a single test', () => {
    const code = `describe('a', () => {\nit('b', () => {\n${lines(69)}\n})\n})`
    expect(checkPlanted({ 'test/unit/a.test.ts': withHeader(code) })).toMatchObject([
      { rule: 'function-length', line: 3 },
    ])
  })

  it('dependencies: a table that does not agree with package.json', () => {
    const rows = ['typebox | 1.0.0 | types', 'kafkajs | 2.0.0 | Kafka', 'undici | 1.0.0 |', 'left-pad | 1.0.0 | pads']
    const table = ['name | version | why', '---|---|---', ...rows].map((row) => `| ${row} |`).join('\n')
    const found = checkPlanted({ 'docs/dependencies.md': table })
    expect(found.map(({ rule, line }) => [rule, line])).toEqual([
      ['dependencies', 1],
      ['dependencies', 4],
      ['dependencies', 5],
      ['dependencies', 6],
    ])
    expect(found[0]?.message).toContain('vitest')
  })

  it('unused-limit: a limit that nothing reads', () => {
    const limits = withHeader('export const LIMITS = {\n  name_chars_max: 256,\n  name_chars_min: 1,\n} as const')
    for (const path of ['schemas/limits.ts', 'services/collector/limits.ts', 'services/lib/mappings/limits.ts']) {
      expect(checkPlanted({ [path]: limits })).toMatchObject([{ path, rule: 'unused-limit', line: 4 }])
    }
  })
})

describe('keeps quiet about what only looks like a violation', () => {
  it.each([
    [
      'schemas/a.ts',
      "// import { day } from '../detectors/lib/maths.ts'\nexport const a = \"import '../detectors/lib/maths.ts'\"",
    ],
    ['schemas/a.ts', 'export const a = (event: { Date: Date; process: string; performance: number }) => event.process'],
    ['schemas/a.ts', 'export const a = { console: 1, fetch: Date.UTC(2026, 0, 1), max: Math.max(1, 2) }'],
    [
      'schemas/a.ts',
      'export const a = (time: number) => new Date(time).getUTCHours() + Date.parse("2026-01-01T00:00:00Z")',
    ],
    ['schemas/a.ts', 'const process = (text: string) => text\nexport const a = process("a")'],
    ['schemas/frame.ts', "export { zstdCompressSync } from 'node:zlib'"],
    ['services/archiver/a.ts', 'export const a = (clock: { now: () => number }) => new Date(clock.now())'],
    ['schemas/a.ts', "const A = { b: 1, c: 2 }; export const a = (key: 'b' | 'c') => A[key]"],
    ['schemas/a.ts', 'export const a = (list: readonly number[], index: number) => list[index]'],
    ['schemas/a.ts', 'export const a = (b: Record<number, string>, c: number) => b[c]'],
    ['schemas/a.ts', "export const a = (b: Record<string, number>) => b['c']"],
    [
      'schemas/a.ts',
      'export const a = (b: Record<string, number>, c: string) => (Object.hasOwn(b, c) ? b[c] : undefined)',
    ],
    ['schemas/a.ts', 'const A = Object.create(null) as Record<string, number>\nexport const b = (c: string) => A[c]'],
    ['services/archiver/a.ts', "import type { Kafka } from 'undici'\nexport type A = Kafka"],
    [
      'services/commands/a.ts',
      "export { request } from '../collector/index.ts'\nconsole.log(process.argv, process.env['A'])",
    ],
    ['test/unit/a.test.ts', "import { it } from 'vitest'\n// Needs Java.\nit.skipIf(1 > 2)('a', () => {})"],
    ['test/unit/a.test.ts', "import { it } from 'vitest'\nit('a', (context) => context.skip(1 > 2, 'needs Java'))"],
    ['test/unit/a.test.ts', "import { Kafka } from 'kafkajs'\nexport const a = Kafka"],
    ['docs/a.md', 'See {ROOT}-elsewhere, and the registry of detectors.'],
    [
      'test/unit/a.test.ts',
      `describe('a', () => {\n${['b', 'c'].map((name) => `it('${name}', () => {\n${'void 0\n'.repeat(60)}})`).join('\n')}\n})`,
    ],
  ])('%s: %j', (path, code) => {
    expect(checkPlanted({ [path]: withHeader(code) }).map(formatViolation)).toEqual([])
  })
})
