/**
 * Stage one in memory, of all partitions or of some: events go in as they do on the collector's side of the log, cut into frames
 * by partition, each row as the codec of frames gives it back. Findings and the records of `signals` come out.
 */
import { EVENT_SCHEMA_VERSION, type EventRow, EventView } from '../../../../schemas/event.ts'
import type { Finding } from '../../../../schemas/finding.ts'
import { encodeFrameHeader, encodeTick } from '../../../../schemas/frame.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { createPartitioner, type Partitioner } from '../../../../schemas/partitioning.ts'
import { type Applied, createStageOne, type StageStats } from '../../engine/index.ts'
import { signalFrame, signalsByTarget } from '../signal-frames.ts'
import { sumStats } from '../sum-stats.ts'
import type { Lane } from './lane.ts'
import { createLanes, type LocalOptions, settle } from './lanes.ts'

export interface FirstOptions extends LocalOptions {
  readonly frameEventsMax?: number
  /** The partitions that it holds; all of them unless told. What belongs to another one is left to whoever holds that. */
  readonly held?: (partition: number) => boolean
  readonly onFinding: (finding: Finding) => void
  readonly onSignals: (record: SignalRecord) => void
}

/** A record for a partition of `signals`. */
export interface SignalRecord {
  readonly target: number
  readonly value: Buffer
  /**
   * Rises with each record. No two that come from different partitions have the same, and it does not depend on which partitions
   * are held: records of several holders, ordered by it, are those of one that holds all, in its order.
   */
  readonly turn: number
}

export interface FirstCounts {
  readonly events: number
  readonly repeats: number
  readonly signals: number
}

export interface LocalFirst {
  rows(rows: readonly EventRow[]): void
  /** Sends what waits for a full frame, partition by partition in the given order (0, 1, 2... unless told). */
  flush(order?: readonly number[]): void
  /** Ticks until nothing is pending. */
  settle(): void
  readonly counts: FirstCounts
  stats(): StageStats
}

interface Running {
  readonly options: FirstOptions
  readonly partitioner: Partitioner
  readonly lanes: ReadonlyMap<number, Lane>
  readonly waiting: ReadonlyMap<number, EventRow[]>
  readonly view: EventView
  readonly counts: { events: number; repeats: number; signals: number }
  turn: number
}

function send(running: Running, partition: number): void {
  const rows = running.waiting.get(partition)?.splice(0) ?? []
  if (rows.length === 0) return
  const { receiptTime } = running.options
  const header = encodeFrameHeader(rows.length, { schema: EVENT_SCHEMA_VERSION, receiptTime })
  const applied = running.lanes.get(partition)?.append(header, rows)
  running.counts.events += applied?.count ?? 0
  running.counts.repeats += applied?.repeats ?? 0
}

function take(running: Running, input: readonly EventRow[]): void {
  const { view, partitioner, waiting, options } = running
  const { partitions = 1, frameEventsMax = LIMITS.frame_events_max } = options
  for (const row of input) {
    running.turn++
    view.row = row
    const partition = partitioner.ofIdentity(view.tenant, view.identity, partitions)
    const mine = waiting.get(partition)
    if (mine === undefined) continue
    mine.push(row)
    if (mine.length >= frameEventsMax) send(running, partition)
  }
}

/** Does something with each partition that is held, in this order; the others have turns, too. */
function inTurn(running: Running, order: readonly number[], act: (partition: number) => void): void {
  for (const partition of order) {
    running.turn++
    act(partition)
  }
}

/** What stage one passes on goes to the partitions of stage two; of a worker that dies on the way only to some. */
function passOn(running: Running, { findings, signals }: Applied, { stage }: Lane, isHalf: boolean): void {
  const { options, partitioner, counts, turn } = running
  findings.forEach(options.onFinding)
  counts.signals += signals.length
  const source = { sourcePartition: stage.partition, epoch: stage.epoch, logTime: stage.logTime }
  for (const [target, mine] of signalsByTarget(signals, partitioner, options.partitions ?? 1)) {
    // A worker that dies between two appends has written to some partitions and not to others.
    if (isHalf && target % 2 === 1) continue
    options.onSignals({ target, value: signalFrame(mine, source, false), turn })
  }
}

export function createLocalFirst(options: FirstOptions): LocalFirst {
  const { held = () => true, partitions = 1 } = options
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  const lanes = createLanes(options, all.filter(held), createStageOne, (applied, lane, isHalf) =>
    passOn(running, applied, lane, isHalf),
  )
  const running: Running = {
    options,
    partitioner: createPartitioner(options.partitionKey ?? null),
    lanes,
    waiting: new Map([...lanes.keys()].map((partition) => [partition, []])),
    view: new EventView(),
    counts: { events: 0, repeats: 0, signals: 0 },
    turn: 0,
  }
  return {
    rows: (input) => take(running, input),
    flush: (order = all) => inTurn(running, order, (partition) => send(running, partition)),
    settle() {
      inTurn(running, all, (partition) => {
        const lane = lanes.get(partition)
        if (lane !== undefined) settle(lane, options, (time) => lane.append(encodeTick(EVENT_SCHEMA_VERSION, time)))
      })
    },
    counts: running.counts,
    stats: () => sumStats([...lanes.values()].map(({ stage }) => stage.stats)),
  }
}
