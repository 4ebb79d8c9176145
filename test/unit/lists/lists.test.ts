/** Leak lists as files: what is read, what is refused and how it is told, what becomes of it, and when it is read again. */
import { hash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LeakedCredentials } from '../../../detectors/lib/leaked-credentials.ts'
import { LEAK_ENTRY_BYTES, leakListHash } from '../../../schemas/leak-list.ts'
import { credentialHash } from '../../../services/lib/credential-hash.ts'
import { keyList } from '../../../services/lib/lists/key.ts'
import { LIST_LIMITS } from '../../../services/lib/lists/limits.ts'
import { formatListProblem, readHashes } from '../../../services/lib/lists/read.ts'
import { type ListWatch, readLists, watchLists } from '../../../services/lib/lists/watch.ts'
import { eventually } from '../../support/responder.ts'

const KEY = Buffer.alloc(32, 7)
const sha = (secret: string): string => hash('sha256', secret, 'hex')
const keyOf = (tenant: string): Buffer => hash('sha256', tenant, 'buffer')

let folder = ''
const put = (path: string, text: string): string => {
  const file = join(folder, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}
const base = (text: string, name = 'a'): string => put(`lists/leaked-credentials/${name}.txt`, text)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moltwatch-lists-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a line file', () => {
  it('holds hashes, comments and empty lines, in either case and with either end of line', async () => {
    const file = base(
      `# leaked in May\r\n${sha('one')}\r\n\n  ${sha('two').toUpperCase()}  # found by ada\n${sha('three')}`,
    )
    const { hashes, problems } = await readHashes([file])
    expect(problems).toEqual([])
    expect(hashes.toString('hex')).toBe(sha('one') + sha('two') + sha('three'))
  })

  it('is refused with file, line and reason, and what stands there is not repeated', async () => {
    const good = base(`${sha('one')}\n`, 'a')
    const bad = base(`# ok\n${sha('one')}\nAKIA-my-secret-value\n${sha('two')}0\n`, 'b')
    const { problems } = await readHashes([good, bad, join(folder, 'gone.txt')])
    expect(problems.map(({ file, line }) => [file, line])).toEqual([
      [bad, 3],
      [bad, 4],
      [join(folder, 'gone.txt'), 0],
    ])
    const told = problems.map(formatListProblem)
    expect(told[0]).toMatch(`${bad}:3: is not a SHA-256 in 64 hex digits: it has 20 characters`)
    expect(told[2]).toMatch(/gone\.txt: cannot be read: ENOENT$/)
    expect(told.join()).not.toContain('my-secret-value')
  })

  it('ends where a line has no end, and after so many bad ones', async () => {
    const endless = base('a'.repeat(5 * 1024 * 1024), 'endless')
    expect((await readHashes([endless])).problems).toHaveLength(1)
    const wrong = base('not a hash\n'.repeat(100), 'wrong')
    expect((await readHashes([wrong])).problems).toHaveLength(LIST_LIMITS.problems_max)
  })
})

describe('the content of a list', () => {
  it('names each secret as events do, sorted, none twice', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 40 }), fc.string(), (secrets, stranger) => {
        const twice = [...secrets, ...secrets.slice(0, 5)]
        const content = keyList(Buffer.from(twice.map(sha).join(''), 'hex'), KEY)
        const wanted = [...new Set(secrets.map((secret) => credentialHash(KEY, secret)))].sort()
        expect(Buffer.from(content).toString('hex')).toBe(wanted.join(''))
        const list = new LeakedCredentials(content)
        for (const secret of secrets) expect(list.has(credentialHash(KEY, secret))).toBe(true)
        expect(list.has(credentialHash(KEY, stranger))).toBe(secrets.includes(stranger))
        expect(list.has('AKIAEXAMPLE')).toBe(false)
      }),
    )
  })

  it('is found among many, and told apart from its neighbours', () => {
    const hashes = randomBytes(32 * 5_000)
    const content = keyList(hashes, KEY)
    const list = new LeakedCredentials(content)
    expect([list.size, list.hash]).toEqual([5_000, leakListHash(content)])
    const hex = Buffer.from(content).toString('hex')
    for (let i = 0; i < 5_000; i += 97) {
      const entry = hex.slice(i * 2 * LEAK_ENTRY_BYTES, (i + 1) * 2 * LEAK_ENTRY_BYTES)
      expect(list.has(entry)).toBe(true)
      const last = entry.at(-1) === '0' ? '1' : '0'
      expect(list.has(entry.slice(0, -1) + last)).toBe(false)
    }
  })

  it('sorts entries whose first words are equal by the rest', () => {
    const hashes = Buffer.concat(Array.from({ length: 150_000 }, (_, i) => hash('sha256', `secret ${i}`, 'buffer')))
    const entries = Buffer.from(keyList(hashes, KEY)).toString('hex').match(/.{32}/g) ?? []
    expect(new Set(entries.map((entry) => entry.slice(0, 8))).size).toBeLessThan(entries.length)
    expect(entries).toEqual(entries.toSorted())
  })
})

describe('lists beside a configuration', () => {
  const watch = (more: Partial<ListWatch> = {}): ListWatch => ({
    configuration: join(folder, 'moltwatch.yaml'),
    tenants: () => ['default', 'globex'],
    keyOf,
    onChange: () => undefined,
    onProblems: () => undefined,
    everyMs: 20,
    ...more,
  })
  const holds = (lists: ReadonlyMap<string, Uint8Array>, tenant: string, ...secrets: string[]): boolean => {
    const list = new LeakedCredentials(lists.get(tenant) ?? new Uint8Array(0))
    return list.size === secrets.length && secrets.every((secret) => list.has(credentialHash(keyOf(tenant), secret)))
  }

  it('are keyed for each tenant, its own beside that of all', async () => {
    base(`${sha('for all')}\n`)
    put('tenants/globex/lists/leaked-credentials/own.txt', `${sha('of globex')}\n`)
    const { lists, problems } = await readLists(watch())
    expect(problems).toEqual([])
    const byTenant = new Map(lists)
    expect([...byTenant.keys()]).toEqual(['default', 'globex'])
    expect(holds(byTenant, 'default', 'for all')).toBe(true)
    expect(holds(byTenant, 'globex', 'for all', 'of globex')).toBe(true)
  })

  it('are read again when they change; a bad line is told and changes nothing; no list at all is told too', async () => {
    const seen: ReadonlyMap<string, Uint8Array>[] = []
    const told: string[] = []
    const stop = watchLists(
      watch({
        onChange: (lists) => seen.push(lists),
        onProblems: (problems) => told.push(...problems.map(formatListProblem)),
      }),
    )
    try {
      await eventually('the first look', () => seen.length === 1 && seen[0]?.size === 0)
      const file = base(`${sha('one')}\n`)
      await eventually('a list', () => holds(seen.at(-1) ?? new Map(), 'default', 'one'))
      writeFileSync(file, `${sha('one')}\n${sha('two')}\n`)
      await eventually('a longer list', () => holds(seen.at(-1) ?? new Map(), 'default', 'one', 'two'))
      const before = seen.length
      writeFileSync(file, `${sha('one')}\nwhat is this\n`)
      await eventually('the problem', () => told.length > 0)
      expect([seen.length, told.at(-1)]).toEqual([before, expect.stringContaining(`${file}:2: is not a SHA-256`)])
      rmSync(file)
      await eventually('no list', () => seen.at(-1)?.size === 0)
    } finally {
      stop()
    }
  })
})
