/**
 * A detector service on a real embedded log, with small detectors that use all that the engine offers, and the means to
 * disturb it: appends that fail, records that are not ours, snapshots that are damaged.
 */
import Type from 'typebox'
import { type Detector, defineDetector } from '../../detectors/detector.ts'
import { evidenceList, evidenceOf } from '../../detectors/lib/evidence.ts'
import { distinct, earliest, recentSet } from '../../detectors/lib/fields.ts'
import { blankEvent, EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'
import { cutIntoFrames, encodeFrameLines } from '../../schemas/frame.ts'
import { eventId, hash32, partitionOf } from '../../schemas/ids.ts'
import { eventKey, topicSpecs } from '../../schemas/topics.ts'
import { createDetectorService, type DetectorService } from '../../services/detector/index.ts'
import { createLogger } from '../../services/lib/logger.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createMetrics, type Metrics } from '../../services/lib/metrics.ts'
import { createPartitioning } from '../../services/lib/partitioning.ts'
import { PATIENCE_MS } from './patience.ts'
import { createLogRoom, type LogRoom } from './sqlite-log.ts'
import { valuesOf } from './topics.ts'

const MINUTE_MS = 60_000
export const PARTITIONS = 4

const base = { version: 1, severity: 'high', mode: 'live', techniques: [], falsePositives: [] } as const

/** Stage one alone: three targets within five minutes; a second revision when the window closes. */
const manyTargets = defineDetector({
  ...base,
  id: 'test/many-targets',
  title: 'Many targets',
  settings: Type.Object({ targets: Type.Integer({ default: 3 }) }),
  key: 'identity',
  state: {},
  window: {
    lengthMs: 5 * MINUTE_MS,
    state: { targets: distinct({ exact: 16 }), evidence: evidenceList({ bytes: 1_500 }) },
  },
  matches: () => true,
  step(context) {
    if (context.event.action === 'explode') throw new Error('a bug in a detector')
    const window = context.openWindow()
    if (window.targets.add(hash32(context.event.target))) window.evidence.add(evidenceOf(context.event))
    if (window.targets.count < context.settings.targets) return undefined
    return { why: 'Many.', observed: { n: window.targets.count }, expected: {}, rooted: false }
  },
  summarise: (window) => ({ observed: { n: window.targets.count }, evidence: window.evidence.list() }),
})

/** Both stages: a source that the identity never used and no other owner used before. */
const newSource = defineDetector({
  ...base,
  id: 'test/new-source',
  title: 'New source',
  settings: Type.Object({}),
  key: 'identity',
  state: { sources: recentSet({ size: 4 }) },
  matches: (event) => event.source_network !== '',
  step(context) {
    const { event, state } = context
    const known = state.sources.size > 0
    if (state.sources.use(hash32(event.source_network))) return undefined
    const sent = { keyKind: 'source', key: event.source_network, fingerprint: hash32(event.owner) } as const
    context.send(sent)
    return known ? { why: 'New.', observed: {}, expected: {}, ask: sent } : undefined
  },
  second: {
    keys: ['source'],
    state: { owners: earliest({ size: 4 }) },
    absorb({ signal, state, time, tie }) {
      state.owners.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state }) {
      return { fire: state.owners.countBefore(candidate.time, candidate.tie, candidate.fingerprint) === 0 }
    },
  },
})

/** Stage two alone: five identities that one owner never had before, within an hour. */
const manyIdentities = defineDetector({
  ...base,
  id: 'test/many-identities',
  title: 'Many identities',
  settings: Type.Object({}),
  key: 'identity',
  state: {},
  matches: () => true,
  step(context) {
    if (context.first)
      context.send({ keyKind: 'owner', key: context.event.owner, fingerprint: hash32(context.event.identity) })
    return undefined
  },
  second: {
    keys: ['owner'],
    state: {},
    window: { lengthMs: 60 * MINUTE_MS, state: { identities: distinct({ exact: 8 }) } },
    absorb(context) {
      const window = context.openWindow()
      if (!window.identities.add(context.signal.fingerprint) || window.identities.count !== 5) return undefined
      return { why: 'Many.', observed: {}, expected: {}, rooted: false }
    },
  },
})

export const TEST_DETECTORS: readonly Detector[] = [manyTargets, newSource, manyIdentities]
export const CODE_VERSION = 'test'

export const T0 = Date.UTC(2026, 0, 1)

export function testEvent(n: number, fields: Partial<Event> = {}): Event {
  const identity = fields.identity ?? 'a'
  return {
    ...blankEvent(),
    event_id: eventId('t', 'events', `e${n}`),
    source_id: `e${n}`,
    tenant: 't',
    owner: `owner of ${identity}`,
    action: 'read',
    time: T0 + n * 1_000,
    ...fields,
    identity,
  }
}

/** A week of nothing in particular: identities that wander, so that every test detector fires now and then. */
export function wandering(count: number, seed = 1): Event[] {
  let x = seed
  const next = (below: number): number => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
    return (x >>> 8) % below
  }
  return Array.from({ length: count }, (_, n) => {
    const identity = `agent-${next(12)}`
    return testEvent(n, {
      identity,
      target: `target-${next(5)}`,
      source_network: `10.0.${next(6)}.0/24`,
      owner: `owner-${hash32(identity) % 4}`,
      time: T0 + n * 7_000,
    })
  })
}

/** Appends events as the collector does, one frame for each partition and call. */
export async function send(log: Log, events: readonly Event[], now: number): Promise<void> {
  const byPartition = Map.groupBy(events, ({ tenant, identity }) => partitionOf(eventKey(tenant, identity), PARTITIONS))
  for (const [partition, mine] of byPartition) {
    for (const lines of cutIntoFrames(mine.map((event) => JSON.stringify(rowOf(event))))) {
      const value = encodeFrameLines(lines, { schema: EVENT_SCHEMA_VERSION, receiptTime: now })
      await log.append('events', partition, [{ key: null, value }])
    }
  }
}

/** Every (id, revision) once, sorted; throws where two of the same differ. */
export async function readFindings(log: Log): Promise<Finding[]> {
  const found = new Map<string, string>()
  for (const value of await valuesOf(log, 'findings')) {
    const text = value.toString('utf8')
    const { id, revision } = JSON.parse(text) as Finding
    const key = `${id}/${revision}`
    const before = found.get(key)
    if (before !== undefined && before !== text) throw new Error(`two findings ${key}: ${before} and ${text}`)
    found.set(key, text)
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => JSON.parse(text) as Finding)
}

export const idsOf = (findings: readonly Finding[]): string[] => [...new Set(findings.map((f) => f.id))].sort()

export interface RuntimeRoom {
  readonly room: LogRoom
  readonly clock: { now(): number }
  advance(ms: number): void
  open(): Promise<Log>
  service(
    log: Log,
    options?: { detectors?: readonly Detector[]; metrics?: Metrics; acceptGaps?: boolean },
  ): DetectorService
}

export function createRuntimeRoom(): RuntimeRoom {
  const room = createLogRoom()
  let aheadMs = 0
  const clock = { now: () => Date.now() + aheadMs }
  return {
    room,
    clock,
    advance(ms) {
      aheadMs += ms
    },
    async open() {
      const log = await room.open()
      await log.ensureTopics(topicSpecs(PARTITIONS))
      return log
    },
    service: (log, { detectors = TEST_DETECTORS, metrics = createMetrics(), acceptGaps = false } = {}) =>
      createDetectorService({
        log,
        partitioning: createPartitioning(log),
        detectors,
        codeVersion: CODE_VERSION,
        clock,
        logger: createLogger('silent'),
        metrics,
        acceptGaps,
      }),
  }
}

/** Waits until the condition holds. A wait in vain ends a little before the test's own timeout, and says what was awaited. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 1.8 * PATIENCE_MS
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it never came about that ${String(condition)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Nothing unprocessed, and no candidate without its decision. */
export async function settled(service: DetectorService): Promise<boolean> {
  const { state, partitions } = service.status()
  if (state !== 'running' || partitions.events !== PARTITIONS || partitions.signals !== PARTITIONS) return false
  // First stage one, then stage two: what is asked in this order cannot hide a signal on its way.
  const first = await service.lag()
  const then = await service.lag()
  return first.events + then.signals === 0 && service.status().stats.candidates === 0
}
