/**
 * Control records that every partition of `events` and `signals` must hold: how they are appended, where they were
 * written, and which of them retention has removed since. The next reader of an idle partition would start without those.
 */
import type { Log, RecordInput } from '../lib/log/port.ts'
import { type AppendTools, appendPatiently } from './state-writer.ts'

const TOPICS = ['events', 'signals'] as const
export type ControlledTopic = (typeof TOPICS)[number]

/** An offset for each partition. */
export type Offsets = { readonly [T in ControlledTopic]: readonly number[] }

/**
 * Does the work for every partition and collects the offsets that it returns. It fails only after the work of every
 * partition has ended: a retry then finds all that the first attempt wrote, and gives no partition a second record.
 */
export async function eachPartition(
  log: Log,
  work: (topic: ControlledTopic, partition: number) => Promise<number>,
): Promise<Offsets> {
  const of = (topic: ControlledTopic): Promise<number>[] =>
    Array.from({ length: log.partitions(topic) }, (_, partition) => work(topic, partition))
  const [events, signals] = [of('events'), of('signals')]
  await Promise.allSettled([...events, ...signals])
  return { events: await Promise.all(events), signals: await Promise.all(signals) }
}

/** The end of every partition. */
export const endsOf = (log: Log): Promise<Offsets> =>
  eachPartition(log, async (topic, partition) => (await log.bounds(topic, partition)).end)

/** Whether the record that was given to a partition is in the log still. */
export async function isThere(log: Log, given: Offsets, topic: ControlledTopic, partition: number): Promise<boolean> {
  const offset = given[topic][partition] ?? -1
  const { start, end } = await log.bounds(topic, partition)
  return offset >= start && offset < end
}

const RECORDS_PER_APPEND = 500

/** Appends the same records to every partition; returns the offset of the first in each. */
export const giveEverywhere = (
  tools: AppendTools,
  values: readonly Buffer[],
  isClosed: () => boolean,
): Promise<Offsets> =>
  eachPartition(tools.log, async (topic, partition) => {
    const records: RecordInput[] = values.map((value) => ({ key: null, value }))
    let first = -1
    for (let at = 0; at < records.length; at += RECORDS_PER_APPEND) {
      const some = records.slice(at, at + RECORDS_PER_APPEND)
      const offset = await appendPatiently(tools, topic, partition, some, isClosed)
      if (first < 0) first = offset
    }
    return first
  })
