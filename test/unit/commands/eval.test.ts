/** `eval` counts what can be counted by hand: runs by class, incidents, and what must not be scored. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import Type from 'typebox'
import { defineDetector } from '../../../detectors/detector.ts'
import type { Severity } from '../../../schemas/finding.ts'
import { addEval } from '../../../services/commands/eval/eval.ts'
import type { Evaluation } from '../../../services/commands/eval/evaluation.ts'
import { foldsOf, joinedCount, shareOf } from '../../../services/commands/eval/score.ts'
import { type CommandRoom, createCommandRoom } from '../../support/command-room.ts'

/** Says what the event's target asks it to say. */
const parrot = (id: string, mode: 'live' | 'shadow' = 'live') =>
  defineDetector({
    id,
    version: 1,
    title: 'Parrot',
    severity: 'high',
    mode,
    techniques: [],
    falsePositives: [],
    settings: Type.Object({}),
    key: 'identity',
    state: {},
    matches: (event) => event.target.startsWith(`${id}:`),
    step: ({ event }) => ({
      why: 'x',
      observed: {},
      expected: {},
      severity: event.target.split(':')[1] as Severity,
      window: event.event_id,
    }),
  })
const DETECTORS = [parrot('test/one'), parrot('test/two', 'shadow')]

const HOUR = 3_600
let room: CommandRoom
beforeAll(() => {
  room = createCommandRoom()
})
afterAll(() => room.clear())

const ndjson = (records: readonly object[]): string => records.map((record) => JSON.stringify(record)).join('\n')
const act = (id: string, session: string, target: string, time = 1_767_225_600, model = 'm1') => ({
  id,
  time,
  identity: 'a',
  action: 'read',
  session,
  target,
  model,
})
const run = (session: string, name: string, more: object = {}) => ({
  session,
  class: name,
  malicious_calls: [],
  goal: null,
  suite: 's',
  task: 't1',
  phase: 'test',
  ...more,
})

async function evaluate(records: readonly object[], labels: readonly object[], ...more: string[]): Promise<Evaluation> {
  const args = ['eval', '--labels', room.file('labels', ndjson(labels)), room.file('file', ndjson(records)), '--json']
  const { out } = await room.run(addEval, [...args, ...more], DETECTORS)
  return JSON.parse(out) as Evaluation
}

const RUNS = [
  act('c1', 'caught', 'test/one:high'),
  act('c2', 'medium', 'test/one:medium'),
  act('c3', 'missed', 'quiet', undefined, 'm2'),
  act('c4', 'fine', 'quiet'),
  act('c5', 'flagged', 'test/one:critical', 1_767_225_600 + 30 * HOUR),
  act('c6', 'flagged', 'test/one:high', 1_767_225_600 + 30 * HOUR + 60),
  act('c7', 'learning', 'test/one:high'),
  act('c8', 'unclear', 'test/one:high'),
  act('c9', 'shady', 'test/two:high'),
]
const LABELS = [
  run('caught', 'malicious', { goal: 'g1', malicious_calls: ['c1'] }),
  run('medium', 'malicious', { goal: 'g1', malicious_calls: ['other'] }),
  run('missed', 'malicious', { goal: 'g2', malicious_calls: ['c3'] }),
  run('fine', 'benign'),
  run('flagged', 'benign', { task: 't2' }),
  run('learning', 'benign', { phase: 'warmup' }),
  run('unclear', 'ambiguous'),
  run('shady', 'exposed'),
  run('elsewhere', 'malicious'),
]

describe('eval of runs', () => {
  it('counts what was caught, named and flagged, and leaves out warm-up and what is ambiguous', async () => {
    const { runs } = await evaluate(RUNS, LABELS)
    const total = runs?.scores.find((score) => score.detector === 'total')
    expect(total?.high.caught).toMatchObject({ hits: 1, of: 3 })
    expect(total?.high.named).toMatchObject({ hits: 1, of: 1 })
    expect(total?.medium.caught).toMatchObject({ hits: 2, of: 3 })
    expect(total?.medium.named).toMatchObject({ hits: 1, of: 2 })
    expect(total?.high.classes['benign']).toMatchObject({ hits: 1, of: 2 })
    expect(total?.high.classes['ambiguous']).toBeUndefined()
    expect(total?.high.precision).toBe(0.5)
    // Two findings of one wrong run, on the second of two days of the only identity.
    expect(total?.high).toMatchObject({
      false_findings: 2,
      identity_days: 2,
      false_per_identity_day: 1,
      false_joined_per_identity_day: 0.5,
    })
  })

  it('shows a shadow detector by itself and not in the total', async () => {
    const { runs } = await evaluate(RUNS, LABELS)
    const shadow = runs?.scores.find((score) => score.detector === 'test/two')
    expect(shadow).toMatchObject({ mode: 'shadow', findings: 1 })
    expect(shadow?.high.classes['exposed']).toMatchObject({ hits: 1, of: 1 })
    expect(runs?.scores.at(-1)?.high.classes['exposed']).toMatchObject({ hits: 0, of: 1 })
  })

  it('folds, and lists the mistakes', async () => {
    const { runs } = await evaluate(RUNS, LABELS, '--by', 'goal,model', '--mistakes')
    const goals = runs?.folds.find((fold) => fold.by === 'goal' && fold.floor === 'medium')
    expect(goals?.folds.map((fold) => [fold.value, fold.caught.hits, fold.caught.of])).toEqual([
      ['s/g1', 2, 2],
      ['s/g2', 0, 1],
    ])
    const models = runs?.folds.find((fold) => fold.by === 'model' && fold.floor === 'high')
    expect(models?.folds.map((fold) => fold.value)).toEqual(['m1', 'm2'])
    expect(runs?.mistakes?.high).toEqual({
      missed: [
        { session: 'medium', goal: 's/g1' },
        { session: 'missed', goal: 's/g2' },
      ],
      wrong: [{ session: 'flagged', class: 'benign', task: 's/t2', detectors: ['test/one'] }],
    })
  })

  it('says so when labels and files do not belong together, or labels are none', async () => {
    await expect(evaluate(RUNS, [run('other', 'benign')])).rejects.toThrow(/do labels and files belong together/)
    await expect(evaluate(RUNS, [{ what: 1 }])).rejects.toThrow(/line 1 is no label/)
  })
})

describe('eval of events', () => {
  const day = (n: number): number => 1_767_225_600 + n * 24 * HOUR
  const records = [
    act('a1', '', 'test/one:high', day(3)),
    act('a2', '', 'quiet', day(3) + 5),
    act('b1', '', 'quiet', day(3) + 9),
    act('n1', '', 'test/one:high', day(0)),
    act('n2', '', 'test/one:medium', day(4)),
    act('s1', '', 'test/one:high', day(4) + 5),
  ]
  const labels = [
    { eventID: 'a1', label: 'attack', incident: 1, technique: 't.one' },
    { eventID: 'a2', label: 'attack', incident: 1, technique: 't.one' },
    { eventID: 'b1', label: 'attack', incident: 2, technique: 't.two' },
    { eventID: 'n1', label: 'background' },
    { eventID: 'n2', label: 'background', churn: 'duty' },
    { eventID: 's1', label: 'setup' },
  ]

  it('counts incidents by their evidence, false findings by what they begin with, and learns the first days', async () => {
    const plain = (await evaluate(records, labels, '--by', 'technique')).labelled_events
    const total = plain?.scores.at(-1)
    expect(total?.high).toMatchObject({
      caught: { hits: 1, of: 2 },
      true_findings: 1,
      false_findings: 1,
      precision: 0.5,
    })
    expect(total?.medium).toMatchObject({
      false_findings: 2,
      identity_days: 3,
      classes: { attack: 1, background: 1, 'background, duty': 1 },
    })
    expect(plain?.folds[0]?.folds.map((fold) => [fold.value, fold.caught.hits])).toEqual([
      ['t.one', 1],
      ['t.two', 0],
    ])
    const learned = (await evaluate(records, labels, '--learn-days', '2')).labelled_events
    expect(learned?.scores.at(-1)?.high).toMatchObject({ false_findings: 0, identity_days: 2, precision: 1 })
  })
})

describe('the figures', () => {
  it('resamples clusters for an interval, the same each time', () => {
    const trials = Array.from({ length: 200 }, (_, i) => ({ hit: i % 10 < 7, cluster: `c${i % 10}` }))
    const share = shareOf(trials, true)
    expect(share.share).toBe(0.7)
    const [low, high] = share.interval ?? [1, 0]
    expect(low).toBeGreaterThan(0.2)
    expect(low).toBeLessThan(0.6)
    expect(high).toBeGreaterThan(0.8)
    expect(shareOf(trials, true)).toEqual(share)
    expect(shareOf([{ hit: true, cluster: 'one' }], true).interval).toBeNull()
    expect(shareOf([]).share).toBeNull()
  })

  it('names the worst fold among those with enough in them', () => {
    const trials = ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'c', 'c', 'c', 'c'].map((fold, i) => ({
      hit: fold === 'a' && i % 2 === 0,
      cluster: '',
      positive: true,
      fold,
    }))
    expect(foldsOf('x', trials)).toMatchObject({ worst_caught: 'c', worst_flagged: null })
  })

  it('counts findings of one identity within an hour of each other as one', () => {
    const at = (agent: string, minutes: number) => ({ agent, time: new Date(minutes * 60_000).toISOString() })
    const findings = [at('a', 0), at('a', 50), at('a', 100), at('a', 161), at('b', 0)]
    expect(joinedCount(findings as never)).toBe(3)
  })
})
