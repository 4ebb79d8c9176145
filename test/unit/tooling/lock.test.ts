/** The lock file must be one that `npm ci` accepts on every platform, whatever the registry lacked when it was written. */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Lock, completeLock, platformOf } from '../../../scripts/complete-lock.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

describe('the lock file of this project', () => {
  const text = readFileSync(`${ROOT}package-lock.json`, 'utf8')

  it('is complete and names no registry', () => {
    const { added, unresolved, problems } = completeLock(JSON.parse(text) as Lock)
    expect({ added, unresolved, problems }).toEqual({ added: [], unresolved: [], problems: [] })
    expect(text).not.toMatch(/"resolved": "https?:/)
  })

  /** What npm would do with this lock file in an empty folder, without asking the registry. */
  const dryRun = async (lock: string): Promise<string> => {
    const folder = mkdtempSync(join(tmpdir(), 'moltwatch-lock-'))
    try {
      for (const name of ['package.json', '.npmrc']) copyFileSync(join(ROOT, name), join(folder, name))
      writeFileSync(join(folder, 'package-lock.json'), lock)
      const args = ['ci', '--dry-run', '--offline', '--ignore-scripts']
      return (await run('npm', args, { cwd: folder, timeout: 120_000 })).stdout
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it('is accepted by npm ci', async () => {
    expect(await dryRun(text)).toMatch(/added \d+ packages/)
  }, 130_000)

  it('would not be accepted without one of the entries that completing it adds', async () => {
    const lock = JSON.parse(text) as Lock
    const completed = Object.entries(lock.packages).find(([, entry]) => entry.optional && !entry['integrity'])
    expect(completed).toBeDefined()
    delete lock.packages[completed?.[0] ?? '']
    await expect(dryRun(JSON.stringify(lock))).rejects.toThrow(/Missing: .* from lock file/)
    expect(completeLock(lock).added).toEqual([completed?.[0]])
  }, 130_000)
})

const lockOf = (packages: Lock['packages']): Lock => ({ lockfileVersion: 3, packages })

describe('completing a lock file', () => {
  it('adds what is named but absent, with the platform that its name tells, and keeps what is there', () => {
    const present = { version: '1.0.0', optional: true, integrity: 'sha512-x' }
    const { lock, added } = completeLock(
      lockOf({
        '': {},
        'node_modules/tool': {
          version: '1.0.0',
          dev: true,
          optionalDependencies: { '@tool/linux-x64-gnu': '1.0.0', '@tool/linux-arm64-musl': '1.0.0' },
        },
        'node_modules/@tool/linux-x64-gnu': present,
      }),
    )
    expect(added).toEqual(['node_modules/@tool/linux-arm64-musl'])
    expect(lock.packages['node_modules/@tool/linux-x64-gnu']).toEqual(present)
    expect(lock.packages['node_modules/@tool/linux-arm64-musl']).toEqual({
      version: '1.0.0',
      cpu: ['arm64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    })
  })

  it('puts a second version beneath the package that names it', () => {
    const { added } = completeLock(
      lockOf({
        'node_modules/a': { optionalDependencies: { 'bin-darwin-x64': '1.0.0' } },
        'node_modules/b': { optionalDependencies: { 'bin-darwin-x64': '2.0.0' } },
      }),
    )
    expect(added).toEqual(['node_modules/bin-darwin-x64', 'node_modules/b/node_modules/bin-darwin-x64'])
  })

  it('removes registry addresses and leaves links alone', () => {
    const { lock, unresolved } = completeLock(
      lockOf({
        'node_modules/a': { version: '1.0.0', resolved: 'https://mirror.example/a/-/a-1.0.0.tgz' },
        'node_modules/b': { resolved: 'packages/b', link: true },
      }),
    )
    expect(unresolved).toEqual(['node_modules/a'])
    expect(lock.packages['node_modules/a']).toEqual({ version: '1.0.0' })
    expect(lock.packages['node_modules/b']?.resolved).toBe('packages/b')
  })

  it('asks a person where it would have to guess', () => {
    const { added, problems } = completeLock(
      lockOf({ 'node_modules/a': { optionalDependencies: { extras: '1.0.0', 'bin-darwin-x64': '^1.0.0' } } }),
    )
    expect(added).toEqual([])
    expect(problems).toHaveLength(2)
  })

  it('changes nothing the second time', () => {
    const name = fc.constantFrom('p-linux-x64-musl', 'p-win32-arm64-msvc', 'q-darwin-x64', 'r')
    const entry = fc.record({
      version: fc.constantFrom('1.0.0', '2.0.0'),
      optionalDependencies: fc.dictionary(name, fc.constantFrom('1.0.0', '2.0.0', '^1.0.0')),
    })
    const path = fc.oneof(
      name.map((each) => `node_modules/${each}`),
      fc.tuple(name, name).map(([a, b]) => `node_modules/${a}/node_modules/${b}`),
    )
    fc.assert(
      fc.property(fc.dictionary(path, entry), (packages) => {
        const once = completeLock(lockOf(packages))
        const twice = completeLock(once.lock)
        expect(twice.added).toEqual([])
        expect(JSON.stringify(twice.lock)).toBe(JSON.stringify(once.lock))
      }),
    )
  })
})

describe('the platform that a name tells', () => {
  it.each([
    ['@biomejs/cli-win32-arm64', { os: ['win32'], cpu: ['arm64'] }],
    ['@chdb/lib-linux-arm64-gnu', { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] }],
    ['@oxlint/binding-android-arm-eabi', { os: ['android'], cpu: ['arm'] }],
    ['@oxlint/binding-linux-arm-musleabihf', { os: ['linux'], cpu: ['arm'], libc: ['musl'] }],
    ['@oxlint/binding-win32-ia32-msvc', { os: ['win32'], cpu: ['ia32'] }],
    ['@oxc-parser/binding-wasm32-wasi', { cpu: ['wasm32'] }],
    ['@linux-tools/arguments', {}],
  ])('%s', (name, platform) => {
    expect(platformOf(name)).toEqual(platform)
  })
})
