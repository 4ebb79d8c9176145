/** YAML off the main thread: values and places, files that are too large or take too long, and what has not changed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../services/lib/config.ts'
import { createYamlReader } from '../../../services/lib/yaml/read.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moltwatch-yaml-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (text: string, name = 'a.yaml'): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const problemsOf = async (path: string, bytesMax?: number): Promise<unknown> => {
  const read = await createYamlReader()(path, bytesMax)
  return read.ok ? 'it is good' : read.problems
}

describe('a YAML file', () => {
  it('is a value, and says where its parts stand', async () => {
    const read = await createYamlReader()(file('a:\n  - b: 1\n    c: 2\n'))
    if (!read.ok) throw new Error(JSON.stringify(read.problems))
    expect(read.value).toEqual({ a: [{ b: 1, c: 2 }] })
    const places = [
      { line: 3, column: 5 },
      { line: 1, column: 1 },
      { line: 3, column: 5 },
    ]
    expect(await read.locate([['a', 0, 'c'], [], ['a', 0, 'c']])).toEqual(places)
  })

  it('is refused if it is no YAML, absent, too large, or unfolds to too much', async () => {
    expect(await problemsOf(file('a: 1\nb: [\n'))).toMatchObject([
      { line: 3, message: expect.stringMatching(/^is not YAML: /) as string },
    ])
    expect(await problemsOf(join(folder, 'absent.yaml'))).toEqual([
      { line: 0, column: 0, message: 'cannot be read: ENOENT' },
    ])
    expect(await problemsOf(file('a: 1234567890\n'), 12)).toMatchObject([
      { message: expect.stringMatching(/^has more than 12 bytes/) as string },
    ])
    const laughs = Array.from({ length: 12 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`)
    expect(await problemsOf(file(['l0: &l0 [x]', ...laughs].join('\n')))).toMatchObject([
      { message: expect.stringMatching(/unfold to too much/) as string },
    ])
  })

  it('is refused if it takes too long, and nobody else waits for it', async () => {
    const path = file(`a:\n${'  - {b: [1, 2, {c: d}], e: "f"}\n'.repeat(200_000)}`)
    let turns = 0
    const turning = setInterval(() => turns++, 10)
    const read = await createYamlReader({ readMs: 200 })(path)
    clearInterval(turning)
    expect(read).toMatchObject({
      ok: false,
      problems: [{ line: 0, message: expect.stringMatching(/^takes more than 0.2 s to read/) as string }],
    })
    expect(turns).toBeGreaterThan(3)
  })

  it('that took too long is tried again after a while, changed or not', async () => {
    const path = file(`a:\n${'  - {b: [1, 2, {c: d}], e: "f"}\n'.repeat(20_000)}`)
    const isTriedAgain = async (retryMs?: number): Promise<boolean> => {
      const read = createYamlReader({ readMs: 1, ...(retryMs === undefined ? {} : { retryMs }) })
      const first = await read(path)
      expect(first.ok).toBe(false)
      return (await read(path)) !== first
    }
    expect(await isTriedAgain()).toBe(false)
    expect(await isTriedAgain(0)).toBe(true)
  })

  it('is read again only after it has changed', async () => {
    const read = createYamlReader()
    const value = async (path: string): Promise<unknown> => {
      const found = await read(path)
      return found.ok ? found.value : undefined
    }
    const path = file('a: 1\n')
    const first = await value(path)
    expect(await value(path)).toBe(first)
    file('a: 2\nb: 1\n')
    expect(await value(path)).toEqual({ a: 2, b: 1 })
  })
})

describe('the files of tenants', () => {
  it('lie over one another by name, and what is wrong is told by file', async () => {
    const config = join(mkdtempSync(join(folder, 'c-')), 'moltwatch.yaml')
    const room = join(config, '..', 'tenants', 'acme')
    mkdirSync(room, { recursive: true })
    writeFileSync(config, '')
    writeFileSync(
      join(room, 'a.yaml'),
      'detection: {trusted_peers: [a.example], detectors: {x: {mode: shadow, enabled: true}}}',
    )
    writeFileSync(join(room, 'b.yml'), 'detection: {trusted_peers: [b.example], detectors: {x: {mode: live}}}')
    writeFileSync(join(room, 'notes.txt'), 'not: [yaml')
    const good = await loadConfig(config)
    expect(good.ok && good.config.layersOfTenants['acme']).toMatchObject({
      trusted_peers: ['b.example', 'a.example'],
      detectors: { x: { mode: 'live', enabled: true } },
    })
    writeFileSync(join(room, 'b.yml'), 'detection:\n  sinks: []\n')
    writeFileSync(config, 'polcy: {}')
    const bad = await loadConfig(config)
    expect(bad.ok ? [] : bad.problems).toMatchObject([
      { line: 1, column: 1, path: 'polcy' },
      { file: join(room, 'b.yml'), line: 2, column: 3, path: 'detection.sinks' },
    ])
  })
})
