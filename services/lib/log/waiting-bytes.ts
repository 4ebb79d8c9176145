/**
 * Bytes of appends that wait, by topic. Too much is refused, not queued: the caller holds the memory either way, and a
 * collector that refuses at once lets the shipper slow down. Each topic has its own budget, so a flood of events never
 * refuses the signals, findings and orders that the services write.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import { LogError, type RecordInput } from './port.ts'

export interface WaitingBytes {
  /** Reserves them. Throws record_too_large if they never fit, log_unavailable if they do not fit now. */
  reserve(topic: string, bytes: number): void
  free(topic: string, bytes: number): void
}

/** Makes the account; `max` bytes of each topic may wait. */
export function createWaitingBytes(max: number): WaitingBytes {
  const byTopic = new Map<string, number>()
  return {
    reserve(topic, bytes) {
      if (bytes > max) throw new LogError('record_too_large', `an append of ${bytes} bytes: only ${max} may wait`)
      const waiting = byTopic.get(topic) ?? 0
      if (waiting + bytes > max) {
        const message = `${waiting} of the ${max} bytes that may wait on topic ${topic} do: try again later`
        throw new LogError('log_unavailable', message)
      }
      byTopic.set(topic, waiting + bytes)
    },
    free(topic, bytes) {
      byTopic.set(topic, (byTopic.get(topic) ?? 0) - bytes)
    },
  }
}

/** Refuses what no engine can take: a record of a compacted topic without a key (a bug), one of `bytes` above the limit. */
export function checkRecord(topic: string, isCompacted: boolean, record: RecordInput, bytes: number): void {
  if (isCompacted && record.key === null) {
    throw new Error(`a record without a key cannot go to the compacted topic ${topic}`)
  }
  if (bytes <= LIMITS.log_record_bytes_max) return
  const message = `a record of ${bytes} bytes for topic ${topic}: at most ${LIMITS.log_record_bytes_max} are taken`
  throw new LogError('record_too_large', message)
}
