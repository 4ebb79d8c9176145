/**
 * Which record detection works on, where another thread can read it: whoever ends a thread that never returns from a record
 * learns which one it was.
 */
import { STAGE_TOPICS, type StageTopic } from './stage-topics.ts'

/** A record of the log. */
export interface RecordPlace {
  readonly topic: StageTopic
  readonly partition: number
  readonly offset: number
}

/** Names a record as origins of dead letters do. */
export const nameOfRecord = ({ topic, partition, offset }: RecordPlace): string => `${topic}/${partition}/${offset}`

/** Three numbers: the topic's, from 1, or 0 while nothing is under way; the partition; the offset. */
export type UnderWay = Float64Array

/** Memory that threads share. */
export const createUnderWay = (): UnderWay =>
  new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT))

/** Does some work on a record, and notes it as under way until the work returns. */
export function workOn<T>(underWay: UnderWay, { topic, partition, offset }: RecordPlace, work: () => T): T {
  underWay.set([STAGE_TOPICS.indexOf(topic) + 1, partition, offset])
  try {
    return work()
  } finally {
    underWay[0] = 0
  }
}

/** The record that is under way, if one is. Meant for a thread that has ended: one that runs is soon at another. */
export function recordUnderWay(underWay: UnderWay): RecordPlace | undefined {
  const [number = 0, partition = 0, offset = 0] = underWay
  const topic = STAGE_TOPICS[number - 1]
  return topic === undefined ? undefined : { topic, partition, offset }
}
