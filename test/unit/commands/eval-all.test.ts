/** Scores of a company are what their definition says, trivial rules and curves included. */
import { gzipSync } from 'node:zlib'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { chart } from '../../../services/commands/eval-all/chart.ts'
import { readCompanyLabels, scoreCompany, type Told } from '../../../services/commands/eval-all/company.ts'
import { addEvalAll } from '../../../services/commands/eval-all/eval-all.ts'
import { createCommandRoom } from '../../support/command-room.ts'

const room = createCommandRoom()
const home = mkdtempSync(join(tmpdir(), 'moltwatch-eval-all-'))
afterAll(() => {
  room.clear()
  rmSync(home, { recursive: true, force: true })
})

const LABELS = [
  { type: 'meta', days: 2, events: 100, identity_days: 50 },
  {
    type: 'incident',
    incident: 'i1',
    kind: 'climb',
    difficulty: 'easy',
    identities: ['a'],
    subjects: ['owner-a'],
    spans: [['2026-03-02T10:00:00Z', '2026-03-02T11:00:00Z']],
    events: ['x1', 'x2'],
    around: 10,
  },
  { type: 'lookalike', kind: 'trip', identities: ['b'], start: null, end: null, events: ['y1'] },
]
const told = (agent: string, time: string, source: string, severity: Told['severity'] = 'medium'): Told => ({
  detector: 'intent/ladder-climb',
  agent,
  time,
  severity,
  mode: 'live',
  evidence: [{ event_id: '', source_id: source, time, action: '', target: '' }],
})
const labels = await readCompanyLabels(room.file('labels.ndjson', LABELS.map((one) => JSON.stringify(one)).join('\n')))

test('a finding catches by evidence, by time, or not at all', () => {
  const by = (...findings: Told[]) => scoreCompany(labels, findings, 'medium')
  expect(by(told('a', '2026-03-05T00:00:00Z', 'x1'))).toMatchObject({
    caught: 1,
    strict: { caught: 1, false_per_1000: 0 },
    false_findings: 0,
  })
  expect(by(told('owner-a', '2026-03-05T00:00:00Z', 'x1'))).toMatchObject({ caught: 1 })
  expect(by(told('a', '2026-03-02T11:59:00Z', 'z'))).toMatchObject({ caught: 1, precision: 1 })
  expect(by(told('a', '2026-03-02T11:59:00Z', 'z')).strict).toEqual({ caught: 0, false_per_1000: 20 })
  expect(by(told('a', '2026-03-02T12:01:00Z', 'z'))).toMatchObject({ caught: 0, false_findings: 1, false_per_1000: 20 })
  expect(by(told('c', '2026-03-02T10:30:00Z', 'x1'))).toMatchObject({ caught: 0, misnamed: 1, false_findings: 0 })
  expect(by(told('b', '2026-03-02T10:30:00Z', 'y1')).lookalikes).toEqual({ trip: 20 })
})

test('what is false of one identity within one hour is one occasion, and hours are those of all', () => {
  const wrong = [
    told('d', '2026-03-05T00:00:00Z', 'q'),
    told('d', '2026-03-05T00:59:00Z', 'r', 'high'),
    told('e', '2026-03-05T00:30:00Z', 's'),
    told('d', '2026-03-05T01:00:00Z', 't'),
  ]
  expect(scoreCompany(labels, wrong, 'medium')).toMatchObject({
    false_findings: 4,
    false_per_1000: 80,
    false_occasions_per_1000: 60,
    false_hours_per_day: Number((2 / labels.days).toFixed(2)),
  })
})

test('the floor and chance are counted', () => {
  const findings = [told('a', '2026-03-05T00:00:00Z', 'x1'), told('d', '2026-03-05T00:00:00Z', 'q', 'high')]
  expect(scoreCompany(labels, findings, 'high')).toMatchObject({ caught: 0, findings: 1, by_chance: 0.1 })
  expect(scoreCompany(labels, findings, 'medium').by_chance).toBe(0.2)
  expect(scoreCompany(labels, [{ ...told('a', '2026-03-05T00:00:00Z', 'x1'), mode: 'shadow' }], 'medium').caught).toBe(
    0,
  )
})

test('the command scores what lies in the folder and names what does not', async () => {
  const event = (n: number, more: object) => ({
    id: `x${n}`,
    time: `2026-03-02T10:0${n}:00Z`,
    identity: 'helper',
    principal_kind: 'agent',
    owner: 'o',
    kind: 'admin',
    action: 'role.bind',
    target: 'user:helper',
    outcome: 'success',
    ...more,
  })
  const refused = Array.from({ length: 8 }, (_, n) =>
    event(n, { id: `r${n}`, identity: 'other', target: 'u', outcome: 'denied' }),
  )
  const lines = [event(1, {}), ...refused].map((one) => JSON.stringify(one)).join('\n')
  const own = LABELS.map((one) =>
    JSON.stringify('identities' in one && one.type === 'incident' ? { ...one, identities: ['helper'] } : one),
  )
  writeFileSync(join(home, 'company-dev.events.ndjson.gz'), gzipSync(lines))
  writeFileSync(join(home, 'company-dev.labels.ndjson.gz'), gzipSync(own.join('\n')))
  const { out, err, code } = await room.run(addEvalAll, ['eval-all', '--data', home, '--json'], DETECTORS)
  expect(code).toBe(0)
  expect(err).toContain('left out: company-calm.events.ndjson.gz')
  const [result] = (
    JSON.parse(out) as {
      companies: { high: { caught: number }; trivial: { detector: string; medium: { false_findings: number } }[] }[]
    }
  ).companies
  expect(result?.high.caught).toBe(1)
  expect(result?.trivial).toMatchObject([
    { detector: 'more than 5 refusals in 10 minutes', medium: { false_findings: 1 } },
  ])
  const page = await room.run(addEvalAll, ['eval-all', '--data', home], DETECTORS)
  expect(page.out).toContain('| climb | 1 of 1 | 1 of 1 |')
  expect(page.out).toContain('| high | 1 of 1 | 1 | 0 | 0 | 0 | 0 |')
})

test('a curve is an SVG whose names are escaped', () => {
  const svg = chart('a <b>', [
    {
      name: 'x & y',
      points: [
        [0, 0],
        [4, 0.5],
      ],
    },
  ])
  expect(svg).toContain('a &lt;b&gt;')
  expect(svg).toContain('x &amp; y')
  expect(svg.match(/<circle/g)).toHaveLength(2)
})
