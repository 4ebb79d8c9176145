/**
 * Both stages in memory, without a log: for replay, eval, prove and tests. Events go in as they do on the collector's
 * side of the log: they are cut into frames by partition, and each row is as the codec of frames gives it back. Findings come out.
 *
 * It reads its input as an import: one receipt time for all frames, which must be after every event, and ticks at the end
 * until every candidate is decided and every window closed. Everything here is synchronous and reads no clock.
 */
import type { Detector } from '../../../detectors/detector.ts'
import type { DetectionConfiguration } from '../../../schemas/configuration.ts'
import { EVENT_SCHEMA_VERSION, type Event, type EventRow, EventView, rowOf } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { encodeFrameHeader, encodeTick } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createPartitioner, type Partitioner, type PartitionKey } from '../../../schemas/partitioning.ts'
import { SIGNAL_SCHEMA_VERSION } from '../../../schemas/signal.ts'
import {
  type Applied,
  createStageOne,
  createStageTwo,
  type StageFactory,
  type StageStats,
  type Words,
} from '../engine/index.ts'
import { createLane, type Fault, type Lane } from './lane.ts'
import { signalFrame, signalsByTarget } from './signal-frames.ts'

export interface LocalPipelineOptions {
  readonly detectors: readonly Detector[]
  readonly codeVersion: string
  /** Receipt time of every frame in ms: later than every event. */
  readonly receiptTime: number
  /** Partitions of each stage; 1 unless told. No result depends on it. */
  readonly partitions?: number
  readonly configuration?: DetectionConfiguration
  readonly frameEventsMax?: number
  /** See StageOptions. */
  readonly rowKey?: Words
  /** Chooses partitions as a log with this key does; none unless told. No result depends on it. */
  readonly partitionKey?: PartitionKey
  /** Called for every finding as it is made: the second revision of one, and repeats after a fault, too. */
  readonly onFinding?: (finding: Finding, stage: 'events' | 'signals') => void
  /** Called for every record of `signals`, ticks included, before it is applied. */
  readonly onSignalRecord?: (partition: number, value: Buffer) => void
  /** What goes wrong after a record; nothing unless told. */
  readonly fault?: (stage: 'events' | 'signals', partition: number, offset: number) => Fault
}

export interface LocalPipeline {
  events(events: readonly Event[]): void
  /** The same for rows that were read from frames. */
  rows(rows: readonly EventRow[]): void
  /** Sends what waits for a full frame, partition by partition in the given order (0, 1, 2... unless told). */
  flush(order?: readonly number[]): void
  /** Flushes, then ticks until nothing is pending. */
  finish(): void
  /** Newest revision of each finding, ordered by event time, then id. */
  findings(): Finding[]
  readonly counts: { readonly events: number; readonly repeats: number; readonly signals: number }
  /** The stages' figures added up, of both stages. */
  stats(): StageStats
}

/** Ticks at the end come this far apart first, and twice as far each time: no result depends on when a window is freed. */
const FIRST_TICK_MS = LIMITS.candidate_delay_ms
/** 2 s doubled 40 times is beyond any window: more would mean that a stage never comes to rest. */
const TICKS_MAX = 40

const byTimeAndId = (a: Finding, b: Finding): number =>
  a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0

/** `half`: only some of the outputs become durable, because the worker dies on the way. */
type Outputs = (applied: Applied, lane: Lane, half: boolean) => void

/** Both stages as they run. */
interface Running {
  readonly options: LocalPipelineOptions
  readonly partitions: number
  readonly frameEventsMax: number
  readonly partitioner: Partitioner
  readonly newest: Map<string, Finding>
  readonly counts: { events: number; repeats: number; signals: number }
  readonly waiting: EventRow[][]
  readonly view: EventView
  second: readonly Lane[]
  first: readonly Lane[]
}

const lanes = (
  { options, partitions }: Running,
  create: StageFactory,
  outputs: (partition: number) => Outputs,
): Lane[] =>
  Array.from({ length: partitions }, (_, partition) => {
    const stageOptions = {
      detectors: options.detectors,
      codeVersion: options.codeVersion,
      partition,
      ...(options.configuration === undefined ? {} : { configuration: options.configuration }),
      ...(options.rowKey === undefined ? {} : { rowKey: options.rowKey }),
    }
    return createLane({
      create: (snapshot) => create(stageOptions, snapshot),
      fault: options.fault,
      output: outputs(partition),
    })
  })

const take = (running: Running, findings: readonly Finding[], stage: 'events' | 'signals'): void => {
  for (const finding of findings) {
    running.options.onFinding?.(finding, stage)
    if ((running.newest.get(finding.id)?.revision ?? 0) < finding.revision) running.newest.set(finding.id, finding)
  }
}

function toSecond(running: Running, partition: number, value: Buffer): void {
  running.options.onSignalRecord?.(partition, value)
  running.second[partition]?.append(value)
}

/** The row of an event as a frame gives it back. */
const readRowOf = (event: Event): EventRow => JSON.parse(JSON.stringify(rowOf(event))) as EventRow

function send(running: Running, partition: number): void {
  const rows = running.waiting[partition] ?? []
  const lane = running.first[partition]
  if (rows.length === 0 || lane === undefined) return
  running.waiting[partition] = []
  const { receiptTime } = running.options
  const applied = lane.append(encodeFrameHeader(rows.length, { schema: EVENT_SCHEMA_VERSION, receiptTime }), rows)
  running.counts.events += applied.count
  running.counts.repeats += applied.repeats
}

function rows(running: Running, input: readonly EventRow[]): void {
  const { view, partitioner, partitions, frameEventsMax } = running
  for (const row of input) {
    view.row = row
    const partition = partitioner.ofIdentity(view.tenant, view.identity, partitions)
    const mine = running.waiting[partition]
    if (mine === undefined) continue
    mine.push(row)
    if (mine.length >= frameEventsMax) send(running, partition)
  }
}

const flush = (running: Running, order: readonly number[] = [...running.waiting.keys()]): void =>
  order.forEach((partition) => send(running, partition))

function settle(running: Running, lane: Lane, tick: (time: number) => void): void {
  let ahead = FIRST_TICK_MS
  for (let ticks = 0; lane.stage.pending; ticks++) {
    if (ticks === TICKS_MAX) throw new Error(`partition ${lane.stage.partition} of ${lane.stage.stage} never rests`)
    tick(running.options.receiptTime + ahead)
    ahead *= 2
  }
}

/** What stage one passes on goes to the partitions of stage two; of a worker that dies on the way only to some. */
const passOn =
  (running: Running, partition: number): Outputs =>
  (applied, lane, half) => {
    const { partitioner, partitions, counts } = running
    take(running, applied.findings, 'events')
    counts.signals += applied.signals.length
    const source = { sourcePartition: partition, epoch: lane.stage.epoch, logTime: lane.stage.logTime }
    for (const [target, signals] of signalsByTarget(applied.signals, partitioner, partitions)) {
      // A worker that dies between two appends has written to some partitions and not to others.
      if (half && target % 2 === 1) continue
      toSecond(running, target, signalFrame(signals, source, false))
    }
  }

export function createLocalPipeline(options: LocalPipelineOptions): LocalPipeline {
  const { partitions = 1, frameEventsMax = LIMITS.frame_events_max } = options
  const running: Running = {
    options,
    partitions,
    frameEventsMax,
    partitioner: createPartitioner(options.partitionKey ?? null),
    newest: new Map(),
    counts: { events: 0, repeats: 0, signals: 0 },
    waiting: Array.from({ length: partitions }, () => []),
    view: new EventView(),
    second: [],
    first: [],
  }
  running.second = lanes(running, createStageTwo, () => (applied) => take(running, applied.findings, 'signals'))
  running.first = lanes(running, createStageOne, (partition) => passOn(running, partition))
  return {
    rows: (input) => rows(running, input),
    events: (input) => rows(running, input.map(readRowOf)),
    flush: (order) => flush(running, order),
    finish() {
      flush(running)
      for (const lane of running.first)
        settle(running, lane, (time) => lane.append(encodeTick(EVENT_SCHEMA_VERSION, time)))
      for (const [partition, lane] of running.second.entries()) {
        settle(running, lane, (time) => toSecond(running, partition, encodeTick(SIGNAL_SCHEMA_VERSION, time)))
      }
    },
    findings: () => [...running.newest.values()].sort(byTimeAndId),
    counts: running.counts,
    stats: () => sumStats([...running.first, ...running.second].map((lane) => lane.stage.stats)),
  }
}

export function sumStats(all: readonly StageStats[]): StageStats {
  const sum = (pick: (stats: StageStats) => number): number => all.reduce((total, stats) => total + pick(stats), 0)
  return {
    identities: sum((s) => s.identities),
    sessions: sum((s) => s.sessions),
    openWindows: sum((s) => s.openWindows),
    candidates: sum((s) => s.candidates),
    evicted: sum((s) => s.evicted),
    stateBytes: sum((s) => s.stateBytes),
  }
}
