/**
 * The topics: what each holds, how it is keyed, how it is kept. Deploy files are generated from this table or compared
 * with it by a test. Partition counts are fixed when a topic is created.
 */
import { LIMITS } from './limits.ts'

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** What the partition is chosen by. */
  readonly key: string
  readonly holds: string
  readonly cleanup: 'delete' | 'compact'
  /** How long records are kept, in ms; ignored for compacted topics. */
  readonly retentionMs: number
}

const DAY_MS = 86_400_000

const topic = (
  name: string,
  partitions: number,
  key: string,
  holds: string,
  cleanup: 'delete' | 'compact',
  days = 7,
): TopicSpec => ({ name, partitions, key, holds, cleanup, retentionMs: days * DAY_MS })

/** All topics, for a given number of partitions of `events`. */
export function topicSpecs(partitions: number = LIMITS.partitions_default): readonly TopicSpec[] {
  return [
    topic('raw', partitions, 'any', 'what producers write themselves', 'delete', 1),
    topic('events', partitions, 'tenant, identity', 'frames of canonical events; control records', 'delete', 7),
    topic('signals', partitions, "the second stage's key", 'frames of signals; control records', 'delete', 7),
    topic('findings', 8, 'tenant', 'findings, revisions 1 and 2', 'delete', 30),
    topic('commands', 8, 'tenant', 'what people, files and the API ask for', 'delete', 30),
    topic('state', 8, 'tenant, id, sequence', 'incidents, quarantines, deliveries, configuration content', 'compact'),
    topic('snapshots', partitions, 'stage, partition, offset, chunk', 'detector state', 'compact'),
    topic('excerpts', partitions, 'tenant, identity', 'words behind events, where they are kept', 'delete', 3),
    topic('dead-letters', 1, 'none', 'what could not be processed, with its reason', 'delete', 30),
  ]
}

/** Key of an event on `events`. */
export const eventKey = (tenant: string, identity: string): string => `${tenant}\u0000${identity}`
/** Key of a signal on `signals`. */
export const signalKey = (tenant: string, kind: string, key: string): string => `${tenant}\u0000${kind}\u0000${key}`
