/**
 * What every detector in the registry must be: documented, locked to its version, covered by cases that fire and cases
 * that stay quiet, deterministic whatever the frames, partitions, restarts and repeats, and within its bytes. A new
 * detector is covered by adding its line to the registry.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Detector, DetectorCase, ExpectedFinding } from '../../detectors/detector.ts'
import { bytesOf } from '../../detectors/lib/columns.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import { type Finding, findingValidator, SEVERITIES } from '../../schemas/finding.ts'
import { techniqueText } from '../../schemas/techniques.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { figureOf, holdsFigure } from '../../services/detector/engine/expected-words.ts'
import { detectorHash } from '../../services/lib/code-version.ts'
import { restBytesOf, windowBytesOf } from '../support/state-bytes.ts'
import {
  agentsOf,
  configurationOf,
  eventsOf,
  leakedOf,
  newest,
  PLAIN,
  type Plan,
  type Run,
  runCase,
  runDetectors,
} from '../support/detector-harness.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

const CASES = new Map<string, readonly DetectorCase[]>()
for (const { id } of DETECTORS) {
  const path = new URL(`detectors/${id}.cases.ts`, root)
  const module = existsSync(path) ? ((await import(path.href)) as { cases?: readonly DetectorCase[] }) : {}
  CASES.set(id, module.cases ?? [])
}
const casesOf = (detector: Detector): readonly DetectorCase[] => CASES.get(detector.id) ?? []

/** Ways in which the same events may come; in each, the same must come out. Long cases are cut about a hundred times. */
const waysOf = (events: number): readonly (readonly [string, Plan])[] => [
  ['in frames of one event', { ...PLAIN, frame: 1 }],
  ['restarted from a snapshot at every cut', { ...PLAIN, frame: Math.ceil(events / 100), restart: 1 }],
  ['restarted at every third cut, with repeats', { ...PLAIN, frame: Math.ceil(events / 200), restart: 3, repeat: 2 }],
  ['on eight partitions', { ...PLAIN, partitions: 8, frame: 5 }],
  ['on eight partitions, the last one first', { ...PLAIN, partitions: 8, frame: 3, restart: 20, order: -1 }],
]

const bytes = (findings: readonly Finding[]): string[] => findings.map((f) => JSON.stringify(f)).toSorted()
const ids = (findings: readonly Finding[]): string[] => [...new Set(findings.map((f) => f.id))].toSorted()

const shorten = (findings: readonly Finding[]): unknown[] =>
  findings.map(({ severity, agent, why, evidence }) => ({
    severity,
    agent,
    why,
    evidence: evidence.map((e) => e.source_id),
  }))

function fits(finding: Finding, wanted: ExpectedFinding): boolean {
  const shown = new Set(finding.evidence.map((e) => e.source_id))
  return (
    (wanted.severity === undefined || wanted.severity === finding.severity) &&
    (wanted.agent === undefined || wanted.agent === finding.agent) &&
    (wanted.evidence ?? []).every((id) => shown.has(id))
  )
}

/** Whether the found ones and the expected ones can be paired off (augmenting paths, Kuhn 1955). */
function pairsOff(found: readonly Finding[], expected: readonly ExpectedFinding[]): boolean {
  if (found.length !== expected.length) return false
  const takenBy = new Map<number, number>()
  const place = (wanted: number, tried: Set<number>): boolean =>
    found.some((finding, i) => {
      if (tried.has(i) || !fits(finding, expected[wanted] as ExpectedFinding)) return false
      tried.add(i)
      const holder = takenBy.get(i)
      if (holder !== undefined && !place(holder, tried)) return false
      takenBy.set(i, wanted)
      return true
    })
  return expected.every((_, wanted) => place(wanted, new Set()))
}

describe('the registry', () => {
  it('names every detector once', () => {
    expect(new Set(DETECTORS.map((d) => d.id)).size).toBe(DETECTORS.length)
    expect(DETECTORS.length).toBeGreaterThan(0)
  })

  it('keeps an identity at rest within its bytes, all habits and detectors together', () => {
    const sum = restBytesOf(DETECTORS).reduce((total, { bytes: own }) => total + own, 0)
    expect(sum).toBeLessThanOrEqual(LIMITS.identity_rest_bytes_max)
  })

  it('keeps the open windows of an identity and a session within their bytes', () => {
    expect(windowBytesOf(DETECTORS, 'identity')).toBeLessThanOrEqual(LIMITS.identity_active_bytes_max)
    const session = DETECTORS.filter((d) => d.key === 'session').reduce((sum, d) => sum + bytesOf(d.state), 0)
    expect(session + windowBytesOf(DETECTORS, 'session')).toBeLessThanOrEqual(LIMITS.session_bytes_max)
  })
})

describe.each(DETECTORS.map((d) => [d.id, d] as const))('%s', (id, detector) => {
  const source = existsSync(new URL(`detectors/${id}.ts`, root)) ? read(`detectors/${id}.ts`) : ''

  it('lies in the file that its id names and opens with prose that says what it misses', () => {
    expect(source, `detectors/${id}.ts does not exist or is another detector's`).toContain(`id: '${id}'`)
    const prose = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? ''
    expect(prose).toMatch(/Fires when/)
    expect(prose).toMatch(/Misses/)
  })

  it('has a page with its title and every setting', () => {
    const page = `docs/detections/${id.replace('/', '-')}.md`
    expect(existsSync(new URL(page, root)), `${page} is missing`).toBe(true)
    const text = read(page)
    expect(text.split('\n', 1)[0]).toBe(`# ${detector.title}`)
    expect(text).toContain(id)
    for (const technique of detector.techniques) expect(text).toContain(techniqueText(technique))
    for (const setting of Object.keys(detector.settings.properties)) expect(text).toContain(`\`${setting}\``)
  })

  it('says what it is in the terms of the field', () => {
    expect(SEVERITIES).toContain(detector.severity)
    expect(detector.techniques.length).toBeGreaterThan(0)
    for (const technique of detector.techniques) {
      expect(techniqueText(technique), 'schemas/techniques.ts has no name for it').not.toBe(technique)
      expect(technique).toMatch(/^(T\d{4}(\.\d{3})?|AML\.(T|M)\d{4}(\.\d{3})?|ASI(0\d|10))$/)
    }
    expect(detector.falsePositives.length).toBeGreaterThan(0)
  })

  it('is the version that is locked', () => {
    const lock = JSON.parse(read('detectors/versions.lock.json')) as Record<string, { version: number; hash: string }>
    const locked = lock[id]
    const advice = `raise the version in detectors/${id}.ts if its behaviour changed, then run: npm run lock:detectors`
    expect(locked, `${id} is not locked: run npm run lock:detectors`).toBeDefined()
    expect({ version: detector.version, hash: detectorHash(id) }, advice).toEqual(locked)
  })

  it('reads no clock, no random number, no file and no network', () => {
    const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    expect(code).not.toMatch(
      /Date\.now|new Date\(\)|Math\.random|performance\.|process\.|\bfetch\(|setTimeout|setInterval|crypto|node:/,
    )
  })

  it('has at least two cases that fire and three that stay quiet', () => {
    expect(casesOf(detector).filter((c) => c.expect.length > 0).length).toBeGreaterThanOrEqual(2)
    expect(casesOf(detector).filter((c) => c.expect.length === 0).length).toBeGreaterThanOrEqual(3)
  })

  // Such an event is dropped as a repeat: a case that needs it would hold for want of it.
  it('has no case in which two identities share an event id', () => {
    for (const { name, events } of casesOf(detector)) {
      const shared = [...Map.groupBy(eventsOf(events), (event) => event.event_id)].filter(
        ([, those]) => new Set(those.map(({ identity }) => identity)).size > 1,
      )
      expect(
        shared.map(([id]) => id),
        name,
      ).toEqual([])
    }
  })

  describe.each(casesOf(detector).map((c) => [c.name, c] as const))('%s', (_name, testCase) => {
    let made: Run | undefined
    const plainRun = (): Run => (made ??= runCase(detector, testCase))

    it('holds', () => {
      const found = newest(plainRun())
      expect(pairsOff(found, testCase.expect), JSON.stringify(shorten(found), null, 1)).toBe(true)
    })

    it('makes whole findings whose evidence is among the events', () => {
      const known = new Set(eventsOf(testCase.events).map((e) => e.event_id))
      const plain = plainRun()
      for (const finding of [...plain.first, ...plain.second]) {
        expect(findingValidator.problems(finding)).toEqual([])
        expect(finding.why).not.toBe('')
        expect(finding.evidence.length).toBeGreaterThan(0)
        for (const { event_id } of finding.evidence) expect(known).toContain(event_id)
      }
    })

    it('says in words which figures were expected', () => {
      const plain = plainRun()
      for (const { why, expected } of [...plain.first, ...plain.second]) {
        for (const [name, value] of Object.entries(expected)) {
          if (typeof value === 'number')
            expect([name, why, holdsFigure(why, figureOf(value))]).toEqual([name, why, true])
        }
      }
    })

    it.each(waysOf(testCase.events.length))('comes out the same %s', (_way, plan) => {
      const plain = plainRun()
      const run = runCase(detector, testCase, plan)
      expect(bytes(run.first)).toEqual(bytes(plain.first))
      expect(ids(run.second)).toEqual(ids(plain.second))
    })

    it('does not ask the clock or chance', () => {
      const plain = plainRun()
      const { now } = Date
      const { random } = Math
      const forbidden = (): never => {
        throw new Error('a detector asked the clock or chance')
      }
      Date.now = forbidden
      Math.random = forbidden
      try {
        expect(bytes(runCase(detector, testCase).first)).toEqual(bytes(plain.first))
      } finally {
        Date.now = now
        Math.random = random
      }
    })

    it('takes late, repeated, first and untimed events without a change of heart about the rest', () => {
      const events = eventsOf(testCase.events)
      const last = events.at(-1)
      if (last === undefined) return
      const stranger = { ...last, identity: 'somebody-else', owner: 'somebody-else', event_id: 'f'.repeat(32) }
      const untimed = { ...stranger, time_flag: 'missing' as const, event_id: 'e'.repeat(32) }
      const late = { ...stranger, time: last.time - 86_400_000, event_id: 'd'.repeat(32) }
      const more = [...events, ...events.slice(-3), untimed, stranger, late]
      const configuration = configurationOf(detector, testCase)
      const run = runDetectors([detector], more, PLAIN, configuration, leakedOf(testCase), agentsOf(testCase))
      // The stranger is another key of stage one: what was found of the others must still be found.
      for (const one of plainRun().first) expect(bytes(run.first)).toContain(JSON.stringify(one))
    })
  })
})
