/**
 * The engine with two small detectors that use everything it offers: windows with a second revision, evidence for a second
 * half, candidates, sessions. What must hold: the same findings whatever the frames, repeats, restarts and interleavings.
 */
import fc from 'fast-check'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { type Detector, defineDetector } from '../../../detectors/detector.ts'
import { evidenceList, evidenceOf } from '../../../detectors/lib/evidence.ts'
import { counter, distinct, earliest, recentSet } from '../../../detectors/lib/fields.ts'
import { Settings } from '../../../detectors/lib/sections.ts'
import { blankEvent, EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { decodeFrame, encodeControl, encodeFrame, encodeFrameHeader, encodeTick } from '../../../schemas/frame.ts'
import { emptyConfiguration, layerOver } from '../../../schemas/configuration.ts'
import { eventId, hash32, partitionOf } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { SIGNAL_SCHEMA_VERSION, type Signal, signalRowOf } from '../../../schemas/signal.ts'
import {
  createStageOne,
  createStageTwo,
  sectionsIn,
  type Stage,
  type StageSnapshot,
} from '../../../services/detector/engine/index.ts'
import { STEP_ROWS } from '../../../services/detector/engine/stage.ts'

const MINUTE = 60_000
const T0 = Date.UTC(2026, 0, 1)
const RECEIPT = T0 + 1_000 * MINUTE

const windowed: Detector = defineDetector({
  id: 'test/windowed',
  version: 1,
  title: 'Many targets',
  severity: 'medium',
  mode: 'live',
  techniques: [],
  falsePositives: [],
  settings: Type.Object({ targets: Type.Integer({ default: 3 }) }),
  key: 'identity',
  state: { events: counter() },
  window: {
    lengthMs: 5 * MINUTE,
    state: { targets: distinct({ exact: 16 }), evidence: evidenceList({ bytes: 1_500 }) },
  },
  matches: () => true,
  step(context) {
    context.state.events.value++
    const window = context.openWindow()
    if (window.targets.add(hash32(context.event.target))) window.evidence.add(evidenceOf(context.event))
    if (window.targets.count < context.settings.targets) return undefined
    return {
      why: 'Many targets.',
      observed: { targets: window.targets.count },
      expected: {},
      rooted: false,
      evidence: window.evidence.list(),
    }
  },
  summarise: (window) => ({ observed: { targets: window.targets.count }, evidence: window.evidence.list() }),
})

const newSource: Detector = defineDetector({
  id: 'test/new-source',
  version: 1,
  title: 'New source',
  severity: 'high',
  mode: 'live',
  techniques: [],
  falsePositives: [],
  settings: Type.Object({ owners: Type.Integer({ default: 1 }) }),
  key: 'identity',
  state: { sources: recentSet({ size: 4 }) },
  matches: (event) => event.source_network !== '',
  step(context) {
    const { event, state } = context
    const known = state.sources.size > 0
    if (state.sources.use(hash32(event.source_network))) return undefined
    context.send({ keyKind: 'source', key: event.source_network, fingerprint: hash32(event.owner) })
    if (!known) return undefined
    return {
      why: 'A new source.',
      observed: { source: event.source_network },
      expected: {},
      ask: { keyKind: 'source', key: event.source_network, fingerprint: hash32(event.owner) },
    }
  },
  second: {
    keys: ['source'],
    state: { owners: earliest({ size: 4 }) },
    absorb({ signal, state, time, tie }) {
      state.owners.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state, settings }) {
      const others = state.owners.countBefore(candidate.time, candidate.tie, candidate.fingerprint)
      return others >= settings.owners ? { fire: false } : { fire: true, observed: { others } }
    },
  },
})

const DETECTORS = [windowed, newSource]

function eventOf(n: number, identity: string, target: string, source: string, minute: number): Event {
  return {
    ...blankEvent(),
    event_id: eventId('t', 'events', `e${n}`),
    source_id: `e${n}`,
    tenant: 't',
    identity,
    owner: `owner of ${identity}`,
    target,
    action: 'read',
    source_network: source,
    time: T0 + minute * MINUTE,
    receipt_time: RECEIPT,
  }
}

interface Plan {
  readonly partitions: number
  readonly frame: number
  /** Restart before every nth record; 0 never. */
  readonly restart: number
  readonly repeatEvery: number
}

/** Runs events through both stages; a restart goes through snapshot and restore, and repeats the last record. */
function run(events: readonly Event[], plan: Plan): Finding[] {
  const options = (partition: number) => ({ detectors: DETECTORS, codeVersion: 'x', partition })
  const found: Finding[] = []
  const signals = new Map<number, { source: number; rows: Signal[] }[]>()
  for (let p = 0; p < plan.partitions; p++) {
    const mine = events.filter((event) => partitionOf(event.identity, plan.partitions) === p)
    const values: Buffer[] = []
    for (let i = 0; i < mine.length; i += plan.frame) {
      const rows = mine.slice(i, i + plan.frame).map(rowOf)
      values.push(encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT }))
      if (plan.repeatEvery > 0 && i % plan.repeatEvery === 0) values.push(values.at(-1) as Buffer)
    }
    for (let hour = 1; hour <= 3; hour++) values.push(encodeTick(EVENT_SCHEMA_VERSION, RECEIPT + hour * 60 * MINUTE))
    let stage: Stage = createStageOne(options(p))
    values.forEach((value, offset) => {
      if (plan.restart > 0 && offset % plan.restart === plan.restart - 1)
        stage = createStageOne(options(p), stage.snapshot())
      const applied = stage.apply({ offset, value })
      found.push(...applied.findings)
      // All signals of one offset to one partition stand in one frame.
      for (const [target, rows] of Map.groupBy(applied.signals, (signal) => partitionOf(signal.key, plan.partitions))) {
        signals.set(target, [...(signals.get(target) ?? []), { source: p, rows }])
      }
    })
  }
  for (const [p, frames] of signals) {
    let stage: Stage = createStageTwo(options(p))
    const values = frames.map(({ source, rows }) =>
      encodeFrame(rows.map(signalRowOf), {
        schema: SIGNAL_SCHEMA_VERSION,
        receiptTime: RECEIPT,
        sourcePartition: source,
      }),
    )
    values.push(...values.slice(-2))
    values.push(encodeTick(SIGNAL_SCHEMA_VERSION, RECEIPT + LIMITS.candidate_delay_ms))
    values.forEach((value, offset) => {
      if (plan.restart > 0 && offset % plan.restart === 0) stage = createStageTwo(options(p), stage.snapshot())
      found.push(...stage.apply({ offset, value }).findings)
    })
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.revision - b.revision))
}

const scripted = fc.array(
  fc.record({ identity: fc.nat(5), target: fc.nat(6), source: fc.nat(3), minute: fc.nat(25) }),
  { minLength: 60, maxLength: 160 },
)
const eventsOf = (script: { identity: number; target: number; source: number; minute: number }[]): Event[] =>
  script.map((s, n) => eventOf(n, `agent-${s.identity}`, `target-${s.target}`, `10.0.${s.source}.0/24`, s.minute))

const PLAIN: Plan = { partitions: 1, frame: 1_000, restart: 0, repeatEvery: 0 }
const stageOneOf = (findings: Finding[]): Finding[] => findings.filter((f) => f.detector === 'test/windowed')
const ids = (findings: Finding[]): string[] => [...new Set(findings.map((f) => f.id))]

/** Hands a section in with its control record. */
const take = (stage: Stage, offset: number, tenant: string, content: Settings, hash = content.hash): unknown =>
  stage.apply({ offset, value: encodeControl({ type: 'config', name: 'detection', tenant, hash }, RECEIPT) }, content)

describe('the engine', () => {
  it('finds the same, whatever the frames, repeats, restarts and partitions', () => {
    let fired = 0
    fc.assert(
      fc.property(
        scripted,
        fc.record({
          partitions: fc.constantFrom(1, 2, 8),
          frame: fc.integer({ min: 1, max: 30 }),
          restart: fc.integer({ min: 0, max: 5 }),
          repeatEvery: fc.nat(40),
        }),
        (script, plan) => {
          const events = eventsOf(script)
          const calm = run(events, PLAIN)
          const rough = run(events, plan)
          fired += calm.length
          expect(JSON.stringify(stageOneOf(rough))).toBe(JSON.stringify(stageOneOf(calm)))
          expect(ids(rough)).toEqual(ids(calm))
        },
      ),
      { numRuns: 60 },
    )
    expect(fired).toBeGreaterThan(100)
  })

  it('sends a finding once, and once more when its window closes with more in it', () => {
    const events = [0, 1, 2, 3].map((n) => eventOf(n, 'a', `target-${n}`, '', n * 0.5))
    const found = stageOneOf(run(events, PLAIN))
    expect(found.map((f) => [f.revision, f.observed['targets']])).toEqual([
      [1, 3],
      [2, 4],
    ])
    expect(found[1]?.evidence.map((e) => e.source_id)).toEqual(['e0', 'e1', 'e2', 'e3'])
  })

  it('counts a late event in its own window', () => {
    const events = [
      eventOf(0, 'a', 'x', '', 1),
      eventOf(1, 'a', 'y', '', 2),
      eventOf(2, 'a', 'q', '', 9),
      eventOf(3, 'a', 'z', '', 3),
    ]
    expect(stageOneOf(run(events, PLAIN)).map((f) => f.time)).toEqual([new Date(T0 + 3 * MINUTE).toISOString()])
  })

  it('lets other owners who came earlier speak for a source, and later ones not', () => {
    const early = [
      eventOf(0, 'b', 't', 'office', 1),
      eventOf(1, 'a', 't', 'home', 2),
      eventOf(2, 'a', 't', 'office', 3),
    ]
    expect(run(early, PLAIN)).toEqual([])
    const late = [eventOf(0, 'b', 't', 'office', 9), eventOf(1, 'a', 't', 'home', 2), eventOf(2, 'a', 't', 'office', 3)]
    expect(run(late, PLAIN).map((f) => [f.agent, f.severity, f.observed['others']])).toEqual([['a', 'high', 0]])
  })

  it('takes a large frame in several steps, with what it gives at once, and rows beside their header like those in it', () => {
    const options = { detectors: DETECTORS, codeVersion: 'x', partition: 0 }
    const events = Array.from({ length: 100 }, (_, n) => eventOf(n, `a${n % 3}`, `target-${n}`, `s${n % 5}`, n / 10))
    const frame = { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT }
    const value = encodeFrame(events.map(rowOf), frame)
    const whole = createStageOne(options).apply({ offset: 0, value })
    expect(whole.findings.length).toBeGreaterThan(0)

    const steps = createStageOne(options).applySteps({ offset: 0, value })
    let count = 0
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) count++
    expect(count).toBe(Math.ceil(events.length / STEP_ROWS) - 1)
    expect(step.value).toEqual(whole)

    const header = encodeFrameHeader(events.length, frame)
    const rows = decodeFrame(value).rows
    expect(createStageOne(options).apply({ offset: 0, value: header, rows })).toEqual(whole)
  })

  it('knows in both stages when the agent of a finding began, and nothing of it from signals of before', () => {
    const options = { detectors: DETECTORS, codeVersion: 'x', partition: 0 }
    const first = createStageOne(options)
    const events = [eventOf(1, 'a', 't', 'home', 2), eventOf(2, 'a', 't', 'office', 3)]
    const value = encodeFrame(events.map(rowOf), { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT })
    const { signals } = first.apply({ offset: 0, value })
    expect(first.knownSince('t', 'a')).toBe(T0 + 2 * MINUTE)
    const sinceIn = (columns: number): (number | undefined)[] => {
      const rows = signals.map((signal) => signalRowOf(signal).slice(0, columns))
      const frame = { schema: SIGNAL_SCHEMA_VERSION, receiptTime: RECEIPT, sourcePartition: 0 }
      const waiting = createStageTwo(options)
      waiting.apply({ offset: 0, value: encodeFrame(rows, frame) })
      // A candidate keeps it while it waits, over a restart as well.
      const stage = createStageTwo(options, waiting.snapshot())
      const tick = encodeTick(SIGNAL_SCHEMA_VERSION, RECEIPT + LIMITS.candidate_delay_ms)
      const { findings } = stage.apply({ offset: 1, value: tick })
      expect(findings.map((f) => f.agent)).toEqual(['a'])
      const known = stage.knownSince('t', 'a')
      stage.apply({ offset: 2, value: tick })
      return [known, stage.knownSince('t', 'a')]
    }
    const columns = signalRowOf(signals[0] as Signal).length
    expect(sinceIn(columns)).toEqual([T0 + 2 * MINUTE, undefined])
    expect(sinceIn(columns - 1)).toEqual([undefined, undefined])
  })

  it('does not let one owner of many identities speak for itself', () => {
    const mine = [eventOf(0, 'b', 't', 'office', 1), eventOf(1, 'a', 't', 'home', 2), eventOf(2, 'a', 't', 'office', 3)]
    const one = mine.map((event) => ({ ...event, owner: 'same' }))
    expect(run(one, PLAIN)).toHaveLength(1)
  })

  it('applies configuration from the record that names it, and the epoch says so', () => {
    const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'x', partition: 0 })
    const before = stage.epoch
    const content = new Settings({
      ...emptyConfiguration(),
      detectors: { 'test/windowed': { settings: { targets: 2 }, severity: 'critical' } },
    })
    take(stage, 0, '', content)
    expect(stage.epoch).not.toBe(before)
    const rows = [eventOf(0, 'a', 'x', '', 0), eventOf(1, 'a', 'y', '', 1)].map(rowOf)
    const { findings } = stage.apply({
      offset: 1,
      value: encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT }),
    })
    expect(findings.map((f) => f.severity)).toEqual(['critical'])
    const options = { detectors: DETECTORS, codeVersion: 'x', partition: 0 }
    const snapshot = stage.snapshot()
    expect([...sectionsIn(snapshot)]).toEqual([[content.hash, 'detection']])
    const held = new Map([[content.hash, content]])
    expect(createStageOne({ ...options, held }, snapshot).epoch).toBe(stage.epoch)
    expect(() => createStageOne(options, snapshot)).toThrow(`${content.hash} was not handed in`)
    expect(() => take(stage, 2, '', new Settings({}), content.hash)).toThrow('was not handed in')
  })

  it('writes the same snapshot with and without a restart where a record names what was there from the start', () => {
    const options = { detectors: DETECTORS, codeVersion: 'x', partition: 0, rowKey: [1, 2, 3, 4] as const }
    const named = new Settings(emptyConfiguration())
    const steady = createStageOne(options)
    take(steady, 0, '', named)
    const held = new Map([[named.hash, named]])
    const restarted = createStageOne({ ...options, held }, steady.snapshot())
    expect(restarted.snapshot()).toEqual(steady.snapshot())
    expect(restarted.epoch).toBe(steady.epoch)
  })

  it('lays the settings of a tenant over those of all, key by key', () => {
    const of = (severity: 'low' | 'critical', rest: object) => ({ 'test/windowed': { severity, ...rest } })
    const base = new Settings({ ...emptyConfiguration(), detectors: of('low', { settings: { targets: 2 } }) })
    const own = new Settings({ detectors: of('critical', {}) })
    const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'x', partition: 0 })
    take(stage, 0, '', base)
    const epoch = stage.epoch
    take(stage, 1, 'acme', own)
    expect(stage.epoch).not.toBe(epoch)
    const severities = (at: number, on: Stage): string[] => {
      const rows = ['acme', 'globex'].flatMap((tenant, i) =>
        ['x', 'y'].map((target, n) => rowOf({ ...eventOf(100 * at + 10 * i + n, `who-${at}`, target, '', n), tenant })),
      )
      const frame = encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT })
      return on.apply({ offset: at, value: frame }).findings.map(({ tenant, severity }) => `${tenant} ${severity}`)
    }
    const both = ['acme critical', 'globex low']
    expect(severities(2, stage)).toEqual(both)
    // Older snapshots hold the settings themselves.
    const meta = (snapshot: StageSnapshot): StageSnapshot => {
      const columns = snapshot.columns.map(({ name, bytes }) => {
        if (name !== 'engine/meta') return { name, bytes }
        const { sections, ...rest } = JSON.parse(Buffer.from(bytes).toString()) as { sections: unknown }
        expect(sections).toHaveLength(2)
        const configurations = [
          ['', base.layer],
          ['acme', layerOver({ ...emptyConfiguration(), ...base.layer }, own.layer)],
        ]
        return { name, bytes: Buffer.from(JSON.stringify({ ...rest, configurations })) }
      })
      return { ...snapshot, columns }
    }
    const restored = createStageOne({ detectors: DETECTORS, codeVersion: 'x', partition: 0 }, meta(stage.snapshot()))
    expect(severities(3, restored)).toEqual(both)
    take(stage, 3, 'acme', new Settings({}))
    expect(severities(4, stage)).toEqual(['acme low', 'globex low'])
  })

  it('keeps what other detectors learned when one is added, removed or changed', () => {
    const first = createStageOne({ detectors: [windowed], codeVersion: 'x', partition: 0 })
    const frame = (events: Event[]) =>
      encodeFrame(events.map(rowOf), { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT })
    first.apply({ offset: 0, value: frame([eventOf(0, 'a', 'x', 's', 0), eventOf(1, 'a', 'y', 's', 1)]) })
    const wider = createStageOne({ detectors: [newSource, windowed], codeVersion: 'y', partition: 0 }, first.snapshot())
    const third = wider.apply({ offset: 1, value: frame([eventOf(2, 'a', 'z', 's', 2)]) })
    expect(third.findings.map((f) => f.observed['targets'])).toEqual([3])
    const narrow = createStageOne({ detectors: [windowed], codeVersion: 'z', partition: 0 }, wider.snapshot())
    const fourth = narrow.apply({
      offset: 2,
      value: frame([eventOf(3, 'a', 'w', 's', 8), eventOf(4, 'a', 'v', 's', 8.5)]),
    })
    expect(fourth.findings).toEqual([])
    const changed = { ...windowed, version: 2 }
    const fresh = createStageOne({ detectors: [changed], codeVersion: 'z', partition: 0 }, narrow.snapshot())
    expect(fresh.apply({ offset: 3, value: frame([eventOf(5, 'a', 'u', 's', 9)]) }).findings).toEqual([])
  })

  it('holds each tenant to its share of a partition, says so once, and leaves the others alone', () => {
    const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'x', partition: 0, identitiesMax: 100 })
    const flood = Array.from({ length: 500 }, (_, n) => rowOf(eventOf(n, `minted-${n}`, 'x', '', n / 100)))
    const quiet = rowOf({ ...eventOf(9_999, 'calm', 'x', '', 0), tenant: 'other' })
    const value = encodeFrame([quiet, ...flood], { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT })
    const { findings } = stage.apply({ offset: 0, value })
    expect(findings.map((f) => [f.detector, f.tenant])).toEqual([['engine/state-overflow', 't']])
    expect(stage.stats.identities).toBe(51)
    expect(stage.stats.evicted).toBe(450)
  })

  it('begins with the first event, and anew with the first one that has a time of its own', () => {
    const firsts: boolean[] = []
    const watcher = { ...windowed, step: ({ first }: { first: boolean }) => void firsts.push(first) }
    const stage = createStageOne({ detectors: [watcher], codeVersion: 'x', partition: 0 })
    const flagged = { ...eventOf(0, 'a', 'x', '', 999), time_flag: 'missing' as const }
    const rows = [flagged, eventOf(1, 'a', 'x', '', 5), eventOf(2, 'a', 'x', '', 6)].map(rowOf)
    stage.apply({ offset: 0, value: encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT }) })
    expect(firsts).toEqual([true, true, false])
  })

  it('leaves no window open once log time has passed, and then asks for no tick', () => {
    const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'x', partition: 0 })
    const rows = [rowOf(eventOf(0, 'a', 'x', '', 0))]
    stage.apply({ offset: 0, value: encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: RECEIPT }) })
    expect(stage.pending).toBe(true)
    stage.apply({
      offset: 1,
      value: encodeTick(EVENT_SCHEMA_VERSION, RECEIPT + 5 * MINUTE + LIMITS.window_lateness_ms),
    })
    expect([stage.pending, stage.stats.openWindows]).toEqual([false, 0])
  })
})
