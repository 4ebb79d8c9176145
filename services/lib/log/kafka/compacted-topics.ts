/**
 * Settings that compacted topics are made with. Whoever starts reads such a topic from its beginning, and its newest
 * segment is never compacted: with segments of a gigabyte, as Kafka makes them, the detectors' snapshots of hours would
 * lie in each partition, and be read.
 */
import { LIMITS } from '../../../../schemas/limits.ts'

export const COMPACTED_SETTINGS: Readonly<Record<string, string>> = {
  'delete.retention.ms': String(LIMITS.log_tombstone_grace_ms),
  'segment.bytes': String(LIMITS.kafka_compacted_segment_bytes),
}
