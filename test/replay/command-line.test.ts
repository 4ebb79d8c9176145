/**
 * The program itself, as a process: what stands on standard output and on standard error, and how it exits. Then the
 * development data, where it lies beside the checkout: replayed twice, and proven with a few seeds.
 */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../services/main.ts', import.meta.url))
const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** Whether a process can be given a terminal here. */
const hasTerminal = spawnSync('script', ['-qefc', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function moltwatch(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  try {
    const options = { maxBuffer: OUTPUT_BYTES_MAX, env: { ...process.env, ...env } }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, ...args], options)
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'moltwatch-cli-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function file(name: string, content: string): string {
  writeFileSync(join(home, name), content)
  return join(home, name)
}

const contact = {
  id: 'x1',
  time: '2026-01-05T08:00:00Z',
  identity: 'bot',
  action: 'http.get',
  peer: 'www.moltbook.com',
}

describe('the program', () => {
  it('prints findings on standard output and everything else on standard error', async () => {
    const { code, out, err } = await moltwatch(['replay', file('contact.ndjson', JSON.stringify(contact))])
    expect(code).toBe(0)
    const findings = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(findings.map((f) => [f['detector'], f['agent'], f['tenant']])).toEqual([
      ['peer/known-agent-network', 'bot', 'default'],
    ])
    expect(err).toMatch(/^1 event of 1 identity/)
  })

  it.each([
    [['replay'], /missing required argument/],
    [['replay', 'no-such-file'], /no-such-file cannot be read: there is no such file/],
    [['replay', '--format', 'csv', 'x'], /Allowed choices are auto/],
    [['prove', '--seeds', 'many', MAIN], /--seeds takes a number/],
    [['prove', '--from', '0', MAIN], /--from takes a number/],
    [['eval', MAIN], /--labels/],
    [['nothing'], /unknown command 'nothing'/],
    [['replay', MAIN], /is not JSON/],
  ])('exits 2 with a reason for %j', async (args, reason) => {
    const { code, out, err } = await moltwatch(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(reason)
    expect(err).not.toMatch(/\n\s+at /)
  })

  it.each(['replay', 'prove', 'eval'])('tells how to use %s', async (command) => {
    const { code, out } = await moltwatch([command, '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^Usage: moltwatch ${command}`))
    expect(out).toMatch(/--json/)
  })

  // util-linux has it; what else gives a process a terminal would be a dependency.
  it.skipIf(!hasTerminal)('shows a person on a terminal how far it is, and clears that before the result', async () => {
    const path = file('watched.ndjson', JSON.stringify(contact))
    const line = `"${process.execPath}" "${MAIN}" replay "${path}"`
    const { stdout } = await promisify(execFile)('script', ['-qefc', line, '/dev/null'])
    const shown = stdout.lastIndexOf('reading: ')
    const cleared = stdout.indexOf('\r\u001B[K', shown)
    expect(shown).toBeGreaterThanOrEqual(0)
    expect(cleared).toBeGreaterThan(shown)
    expect(stdout.slice(cleared)).toMatch(/"peer\/known-agent-network".*\n1 event of 1 identity/s)
  })

  it('does not mind a reader that has seen enough', async () => {
    const many = Array.from({ length: 3_000 }, (_, n) => ({ ...contact, id: `x${n}`, identity: `bot-${n}` }))
    const path = file('many.ndjson', many.map((one) => JSON.stringify(one)).join('\n'))
    const line = `set -o pipefail; "${process.execPath}" "${MAIN}" replay "${path}" | head -n 1 | wc -l`
    const { stdout } = await promisify(execFile)('bash', ['-c', line])
    expect(stdout.trim()).toBe('1')
  })
})

// The development data is not part of the project.
describe.skipIf(!existsSync(DATA))('the development data (skipped where ../shared/data is absent)', () => {
  const invictus = join(DATA, 'cloudtrail-invictus.json.gz')

  it('gives the same bytes in another time zone, and at another time', async () => {
    const [here, there] = [
      await moltwatch(['replay', invictus], { TZ: 'UTC' }),
      await moltwatch(['replay', invictus], { TZ: 'Pacific/Chatham' }),
    ]
    expect(here.err).toMatch(/^2900 events of \d+ identities, 0 records rejected/)
    expect(here.out.length).toBeGreaterThan(0)
    expect(there.out).toBe(here.out)
  })

  it('is proven', async () => {
    const { code, out } = await moltwatch(['prove', invictus, '--seeds', '3'])
    expect([code, out.trimEnd().split('\n').at(-1)]).toEqual([0, '3 seeds agree'])
  })

  it('is scored', async () => {
    const labels = join(DATA, 'cloudtrail-invictus.labels.ndjson.gz')
    const { code, out } = await moltwatch(['eval', '--labels', labels, invictus, '--json'])
    const { labelled_events: scored } = JSON.parse(out) as {
      labelled_events: { scores: { detector: string; high: { caught: { of: number } } }[] }
    }
    expect(code).toBe(0)
    expect(scored.scores.at(-1)).toMatchObject({ detector: 'total', high: { caught: { of: 81 } } })
  })
})
