/**
 * Signals to frames. Stage two applies the offsets of each source once, so all signals that one record of `events` sends
 * to one partition must stand in one frame; a frame may hold those of several records.
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

/** One frame with all of these signals, for callers that hold those of one record. */
export const signalFrame = (signals: readonly Signal[], source: SignalSource): Buffer =>
  encodeFrame(signals.map(signalRowOf), frameOptions(source))

/** Lines of signals that go into one frame, with their bytes as the log counts them. */
interface Lines {
  readonly lines: string[]
  bytes: number
}

/** The signals of each record, which stand in one frame together. */
function linesByRecord(signals: readonly Signal[]): readonly Lines[] {
  const records: Lines[] = []
  let offset = Number.NaN
  for (const signal of signals) {
    if (signal.offset !== offset) records.push({ lines: [], bytes: 0 })
    const record = records.at(-1) as Lines
    const line = JSON.stringify(signalRowOf(signal))
    record.lines.push(line)
    record.bytes += Buffer.byteLength(line) + 1
    offset = signal.offset
  }
  return records
}

/**
 * Signals of one source for one target, offsets rising, as few frames as the limits allow. A frame is cut only where the
 * offset changes, so that one record's signals stay together whatever they weigh.
 */
export function signalFrames(signals: readonly Signal[], source: SignalSource): Buffer[] {
  const frames: Buffer[] = []
  let frame: Lines = { lines: [], bytes: 0 }
  for (const { lines, bytes } of linesByRecord(signals)) {
    const isFull =
      frame.lines.length + lines.length > LIMITS.frame_events_max || frame.bytes + bytes > LIMITS.frame_bytes_max
    if (isFull && frame.lines.length > 0) {
      frames.push(encodeFrameLines(frame.lines, frameOptions(source)))
      frame = { lines: [], bytes: 0 }
    }
    for (const line of lines) frame.lines.push(line)
    frame.bytes += bytes
  }
  if (frame.lines.length > 0) frames.push(encodeFrameLines(frame.lines, frameOptions(source)))
  return frames
}
