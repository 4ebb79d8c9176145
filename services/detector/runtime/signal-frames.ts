/**
 * Signals to frames. Stage two applies the offsets of each source once, so all signals that one record of `events` sends
 * to one partition stand in one frame; a frame may hold those of several records. Where the log takes no frame of that size it is
 * cut between them, and the second part says that it continues the first.
 */
import { encodeFrame, encodeFrameLines } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Partitioner } from '../../../schemas/partitioning.ts'
import { SIGNAL_SCHEMA_VERSION, type Signal, signalRowOf } from '../../../schemas/signal.ts'

export interface SignalSource {
  readonly sourcePartition: number
  readonly epoch: string
  /** Log time of the source's stage in ms. */
  readonly logTime: number
}

/** By target partition, each list in the order of the input. */
export const signalsByTarget = (
  signals: readonly Signal[],
  { ofSignal }: Partitioner,
  partitions: number,
): Map<number, Signal[]> =>
  Map.groupBy(signals, ({ tenant, key_kind: kind, key }) => ofSignal(tenant, kind, key, partitions))

const frameOptions = (source: SignalSource) => ({
  schema: SIGNAL_SCHEMA_VERSION,
  receiptTime: source.logTime,
  sourcePartition: source.sourcePartition,
  epoch: source.epoch,
})

/** One frame with all of these signals, for callers that hold those of one record. `packed`: see FrameOptions. */
export const signalFrame = (signals: readonly Signal[], source: SignalSource, packed = true): Buffer =>
  encodeFrame(signals.map(signalRowOf), { ...frameOptions(source), packed })

export interface SignalLine {
  readonly signal: Signal
  readonly line: string
  /** Others of the same record stand before it. */
  readonly follows: boolean
}

/** Lines of signals that go into one frame, with their bytes as the log counts them. */
interface Lines {
  readonly lines: SignalLine[]
  bytes: number
}

/** The signals of each record, which belong in one frame. */
function linesByRecord(signals: readonly Signal[]): readonly Lines[] {
  const records: Lines[] = []
  let offset = Number.NaN
  for (const signal of signals) {
    const follows = signal.offset === offset
    if (!follows) records.push({ lines: [], bytes: 0 })
    const record = records.at(-1) as Lines
    const line = JSON.stringify(signalRowOf(signal))
    record.lines.push({ signal, line, follows })
    record.bytes += Buffer.byteLength(line) + 1
    offset = signal.offset
  }
  return records
}

/** The record of the log with these lines, of which none is missing in between. */
export const encodeSignalLines = (lines: readonly SignalLine[], source: SignalSource): Buffer =>
  encodeFrameLines(
    lines.map(({ line }) => line),
    { ...frameOptions(source), continues: lines[0]?.follows === true },
  )

/**
 * Where a frame that is too large is cut: between records where it holds several, at the place nearest the middle. So a record's own
 * signals are cut at the same places on every repeat, whatever stands around them.
 */
export function middleOfSignals(lines: readonly SignalLine[]): number {
  const middle = Math.ceil(lines.length / 2)
  for (let away = 0; away < middle; away++) {
    for (const at of [middle - away, middle + away]) if (at > 0 && lines[at]?.follows === false) return at
  }
  return middle
}

/**
 * Signals of one source for one target, offsets rising, as few frames as the limits allow. A frame is cut only where the
 * offset changes, so that one record's signals stay together whatever they weigh.
 */
export function cutSignals(signals: readonly Signal[]): SignalLine[][] {
  const frames: SignalLine[][] = []
  let frame: Lines = { lines: [], bytes: 0 }
  for (const { lines, bytes } of linesByRecord(signals)) {
    const isFull =
      frame.lines.length + lines.length > LIMITS.frame_events_max || frame.bytes + bytes > LIMITS.frame_bytes_max
    if (isFull && frame.lines.length > 0) {
      frames.push(frame.lines)
      frame = { lines: [], bytes: 0 }
    }
    for (const line of lines) frame.lines.push(line)
    frame.bytes += bytes
  }
  if (frame.lines.length > 0) frames.push(frame.lines)
  return frames
}
