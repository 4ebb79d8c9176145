/** Every tool that package.json runs says with `--help` what it is for and does nothing else; no tool takes an option that it does not know. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PATIENCE_MS } from '../support/patience.ts'

const ROOT = new URL('../../', import.meta.url)
/** Scripts that take no options: they are run as they are. */
const WITHOUT_OPTIONS = new Set(['check', 'check:architecture', 'lock', 'version'])

const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}
/** By name: the flags of node and the file. */
const TOOLS = Object.entries(scripts).flatMap(([name, command]) => {
  const [, rest] = /\bnode ((?:--[\w-]+ )*(?:test|scripts)\/[\w/-]+\.ts)$/.exec(command) ?? []
  return rest === undefined || WITHOUT_OPTIONS.has(name) ? [] : [{ name, args: rest.split(' ') }]
})

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const run = (args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...args], { cwd: ROOT, timeout: PATIENCE_MS }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })

it('are more than a few', () => {
  expect(TOOLS.length).toBeGreaterThan(25)
})

describe.each(TOOLS)('$name', ({ args }) => {
  it('says with --help what it is for', { timeout: PATIENCE_MS }, async () => {
    const { code, out, err } = await run([...args, '--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/\w+ \w+ \w+/)
    expect(out).toMatch(/^ {2}--help$/m)
  })
})

it('refuse an option that they do not know', { timeout: PATIENCE_MS }, async () => {
  const { code, err } = await run([...(TOOLS[0]?.args ?? []), '--no-such-option'])
  expect(code).toBe(2)
  expect(err).toContain('--no-such-option')
})
