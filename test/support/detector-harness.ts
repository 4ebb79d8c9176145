/**
 * Runs detectors over events through both stages of the real engine, in every way in which a running service might: cut
 * into frames, spread over partitions, restarted from snapshots, with repeats. All frames have one receipt time, later
 * than every event, as an import has.
 */
import type { CaseEvent, Detector, DetectorCase } from '../../detectors/detector.ts'
import { Agents } from '../../detectors/lib/agent-registry.ts'
import { LeakedCredentials } from '../../detectors/lib/leaked-credentials.ts'
import { type DetectionConfiguration, emptyConfiguration } from '../../schemas/configuration.ts'
import { blankEvent, EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'
import { encodeFrame, encodeTick } from '../../schemas/frame.ts'
import { eventId, partitionOf } from '../../schemas/ids.ts'
import { SIGNAL_SCHEMA_VERSION, type Signal, signalRowOf } from '../../schemas/signal.ts'
import { eventKey, signalKey } from '../../schemas/topics.ts'
import { createStageOne, createStageTwo, type Stage, type StageFactory } from '../../services/detector/engine/index.ts'

const HOUR_MS = 3_600_000
const TENANT = 'default'

export interface Plan {
  readonly partitions: number
  /** Events in a frame. */
  readonly frame: number
  /** Snapshot and restore before every nth record; 0: never. */
  readonly restart: number
  /** Every nth frame comes twice; 0: none does. */
  readonly repeat: number
  /** Order in which the partitions of stage one reach stage two: 1 or -1. */
  readonly order: 1 | -1
}
export const PLAIN: Plan = { partitions: 1, frame: 400, restart: 0, repeat: 0, order: 1 }

export interface Run {
  /** Of stage one, as they came. */
  readonly first: readonly Finding[]
  readonly second: readonly Finding[]
  readonly signals: readonly Signal[]
}

/** Feeds records to a stage, restarting it as the plan says. */
class Runner {
  #stage: Stage
  #offset = 0
  readonly #make: (snapshot?: ReturnType<Stage['snapshot']>) => Stage
  readonly #restart: number
  constructor(make: (snapshot?: ReturnType<Stage['snapshot']>) => Stage, restart: number) {
    this.#make = make
    this.#restart = restart
    this.#stage = make()
  }
  apply(value: Buffer): ReturnType<Stage['apply']> {
    if (this.#restart > 0 && this.#offset % this.#restart === 0) this.#stage = this.#make(this.#stage.snapshot())
    return this.#stage.apply({ offset: this.#offset++, value })
  }
}

const cut = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

export function runDetectors(
  detectors: readonly Detector[],
  events: readonly Event[],
  plan: Plan = PLAIN,
  configuration: DetectionConfiguration = emptyConfiguration(),
  leaked?: LeakedCredentials,
  agents?: Agents,
): Run {
  const receipt = Math.max(0, ...events.map((event) => event.receipt_time))
  const make =
    (factory: StageFactory, partition: number) =>
    (snapshot?: ReturnType<Stage['snapshot']>): Stage =>
      factory(
        {
          detectors,
          codeVersion: 'test',
          partition,
          configuration,
          ...(leaked === undefined ? {} : { leaked }),
          ...(agents === undefined ? {} : { agents }),
        },
        snapshot,
      )
  const ticks = (schema: number): Buffer[] =>
    Array.from({ length: 50 }, (_, i) => encodeTick(schema, receipt + (i + 1) * HOUR_MS))

  const first: Finding[] = []
  const signals: Signal[] = []
  const toSecond = new Map<number, { source: number; rows: Signal[] }[]>()
  const stageOneOf = (p: number): void => {
    const runner = new Runner(make(createStageOne, p), plan.restart)
    const mine = events.filter((e) => partitionOf(eventKey(e.tenant, e.identity), plan.partitions) === p)
    const frames = cut(mine, plan.frame).flatMap((rows, i) => {
      const value = encodeFrame(rows.map(rowOf), { schema: EVENT_SCHEMA_VERSION, receiptTime: receipt })
      return plan.repeat > 0 && i % plan.repeat === 0 ? [value, value] : [value]
    })
    for (const value of [...frames, ...ticks(EVENT_SCHEMA_VERSION)]) {
      const applied = runner.apply(value)
      first.push(...applied.findings)
      signals.push(...applied.signals)
      const byTarget = Map.groupBy(applied.signals, (s) =>
        partitionOf(signalKey(s.tenant, s.key_kind, s.key), plan.partitions),
      )
      for (const [target, rows] of byTarget) {
        toSecond.set(target, [...(toSecond.get(target) ?? []), { source: p, rows }])
      }
    }
  }
  const partitions = Array.from({ length: plan.partitions }, (_, p) => p)
  for (const p of plan.order === 1 ? partitions : partitions.toReversed()) stageOneOf(p)

  const second: Finding[] = []
  for (const [p, frames] of toSecond) {
    const runner = new Runner(make(createStageTwo, p), plan.restart)
    for (const { source, rows } of frames) {
      const value = encodeFrame(rows.map(signalRowOf), {
        schema: SIGNAL_SCHEMA_VERSION,
        receiptTime: receipt,
        sourcePartition: source,
      })
      second.push(...runner.apply(value).findings)
    }
    for (const tick of ticks(SIGNAL_SCHEMA_VERSION)) second.push(...runner.apply(tick).findings)
  }
  return { first, second, signals }
}

/** Findings at their newest revision, by id. */
export const newest = (run: Run): Finding[] => [
  ...new Map([...run.first, ...run.second].map((finding) => [finding.id, finding])).values(),
]

/** The events of a case, whole: absent columns at their defaults, ids numbered, one receipt time after them all. */
export function eventsOf(events: readonly CaseEvent[]): Event[] {
  const receipt = Math.max(...events.map((event) => event.time)) + HOUR_MS
  return events.map((event, i) => {
    const sourceId = event.source_id ?? `e${i + 1}`
    return {
      ...blankEvent(),
      tenant: TENANT,
      source: 'events',
      receipt_time: receipt,
      ...event,
      source_id: sourceId,
      event_id: event.event_id ?? eventId(event.tenant ?? TENANT, 'events', sourceId),
    }
  })
}

export const configurationOf = (detector: Detector, testCase: DetectorCase): DetectionConfiguration => ({
  ...emptyConfiguration(),
  detectors: testCase.settings === undefined ? {} : { [detector.id]: { settings: { ...testCase.settings } } },
})

/** The leak list of a case. */
export const leakedOf = ({ leaked }: DetectorCase): LeakedCredentials | undefined =>
  leaked === undefined ? undefined : new LeakedCredentials(Buffer.from(leaked.join(''), 'hex'))

/** The trust registry of a case. */
export const agentsOf = ({ agents }: DetectorCase): Agents | undefined =>
  agents === undefined ? undefined : new Agents(agents)

export const runCase = (detector: Detector, testCase: DetectorCase, plan: Plan = PLAIN): Run =>
  runDetectors(
    [detector],
    eventsOf(testCase.events),
    plan,
    configurationOf(detector, testCase),
    leakedOf(testCase),
    agentsOf(testCase),
  )
