/**
 * Settings of compacted topics. A starting process reads such a topic from its beginning, and Kafka never compacts the
 * newest segment. With Kafka's default segments of a gigabyte, each partition would hold hours of detector snapshots, and
 * all of them would be read.
 */
import { LIMITS } from '../../../../schemas/limits.ts'

export const COMPACTED_SETTINGS: Readonly<Record<string, string>> = {
  'delete.retention.ms': String(LIMITS.log_tombstone_grace_ms),
  'segment.bytes': String(LIMITS.kafka_compacted_segment_bytes),
}
