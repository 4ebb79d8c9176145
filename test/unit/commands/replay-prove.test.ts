/** `replay` prints the same findings whatever the form of the files; `prove` agrees with a core that is right and not else. */
import { gzipSync } from 'node:zlib'
import Type from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Detector, defineDetector } from '../../../detectors/detector.ts'
import { counter } from '../../../detectors/lib/fields.ts'
import { type Finding, findingValidator } from '../../../schemas/finding.ts'
import { addProve } from '../../../services/commands/prove/prove.ts'
import { addReplay } from '../../../services/commands/replay/replay.ts'
import { type CommandRoom, createCommandRoom } from '../../support/command-room.ts'
import { wandering } from '../../support/runtime-room.ts'

let room: CommandRoom
let events: readonly object[]
let lines: string
beforeAll(() => {
  room = createCommandRoom()
  events = wandering(400).map(({ source_id, time, identity, owner, action, target, source_network }) => ({
    id: source_id,
    time,
    identity,
    owner,
    action,
    target,
    source_address: source_network.replace('.0/24', '.9'),
  }))
  lines = events.map((event) => JSON.stringify(event)).join('\n')
})
afterAll(() => room.clear())

const findingsIn = (out: string): Finding[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Finding)

describe('replay', () => {
  it('prints each finding once in its newest revision, ordered by time, and nothing else', async () => {
    const { out, err, code } = await room.run(addReplay, ['replay', room.file('a.ndjson', lines)])
    const findings = findingsIn(out)
    expect(code).toBe(0)
    expect(findings.length).toBeGreaterThan(10)
    expect(new Set(findings.map((f) => f.id)).size).toBe(findings.length)
    for (const finding of findings) expect(findingValidator.problems(finding)).toEqual([])
    const order = findings.map((f) => `${f.time} ${f.id}`)
    expect(order).toEqual(order.toSorted())
    expect(findings.some((f) => f.revision === 2)).toBe(true)
    expect(new Set(findings.map((f) => f.tenant))).toEqual(new Set(['default']))
    expect(err).toMatch(/^400 events of 12 identities, 0 records rejected; \d+ findings/)
  })

  it('prints the same bytes for another form of the file, several files, and repeats in them', async () => {
    const plain = (await room.run(addReplay, ['replay', room.file('b.ndjson', lines)])).out
    const list = room.file('b.json.gz', gzipSync(JSON.stringify(events)))
    expect((await room.run(addReplay, ['replay', list])).out).toBe(plain)
    const halves = [events.slice(0, 211), events.slice(150)].map((half, i) =>
      room.file(`half-${i}.json`, JSON.stringify(half)),
    )
    const joined = await room.run(addReplay, ['replay', ...halves, '--json'])
    expect(joined.out).toBe(plain)
    expect(JSON.parse(joined.err)).toMatchObject({ events: 400, repeats: 61, rejected: 0 })
  })

  it('finds nothing in an empty file, without an error', async () => {
    const { out, code } = await room.run(addReplay, ['replay', room.file('empty', '')])
    expect([out, code]).toEqual(['', 0])
  })
})

const broken = (id: string, why: () => string, level: (context: { readonly seen: number }) => string): Detector => {
  let seen = 0
  return defineDetector({
    id,
    version: 1,
    title: 'Broken',
    severity: 'low',
    mode: 'live',
    techniques: [],
    falsePositives: [],
    settings: Type.Object({}),
    key: 'identity',
    state: { events: counter() },
    matches: () => true,
    step(context) {
      seen++
      context.state.events.value++
      if (context.state.events.value % 20 !== 0) return undefined
      return { why: why(), observed: {}, expected: {}, level: level({ seen }) }
    },
  })
}

describe('prove', () => {
  it('agrees over all seeds with detectors that are functions of the log', async () => {
    const { out, code } = await room.run(addProve, ['prove', room.file('c.ndjson', lines), '--seeds', '9', '--json'])
    const proof = JSON.parse(out) as { agree: boolean; stage_one: { findings: number }; ids: { count: number } }
    expect([code, proof.agree]).toEqual([0, true])
    expect(proof.stage_one.findings).toBeGreaterThan(10)
    expect(proof.ids.count).toBeGreaterThan(10)
  })

  it.each([
    [
      'depends on what other identities did',
      broken(
        'test/global',
        () => 'x',
        ({ seen }) => String(seen % 7),
      ),
      /finding .* is (new|missing)|differs/,
    ],
    [
      'depends on the time zone',
      broken(
        'test/zone',
        () => new Date(1e12).toString(),
        () => '',
      ),
      /why is/,
    ],
  ])('finds out a detector that %s, with the first difference', async (_, detector, message) => {
    const { out, code } = await room.run(addProve, ['prove', room.file('d.ndjson', lines), '--seeds', '9'], [detector])
    expect(code).toBe(1)
    expect(out).toMatch(/they differ at seed \d+: \d+ partitions/)
    expect(out).toMatch(message)
  })

  it('goes on from a seed', async () => {
    const detector = broken(
      'test/zone',
      () => new Date(1e12).toString(),
      () => '',
    )
    const file = room.file('f.ndjson', lines)
    const differs = async (...options: string[]): Promise<string> => {
      const { out } = await room.run(addProve, ['prove', file, ...options], [detector])
      return /they differ at (.*)/.exec(out)?.[1] ?? ''
    }
    const first = await differs('--seeds', '9')
    const seed = /^seed (\d+)/.exec(first)?.[1] ?? ''
    expect(await differs('--seeds', '1', '--from', seed)).toBe(first)
    expect(await differs('--seeds', '9', '--from', String(Number(seed) + 1))).not.toBe(first)
  })

  it('does not let a detector read the clock', async () => {
    const reading = broken(
      'test/clock',
      () => String(Date.now()),
      () => '',
    )
    const file = room.file('e.ndjson', lines)
    await expect(room.run(addProve, ['prove', file], [reading])).rejects.toThrow(/asked for the time of day/)
  })
})
