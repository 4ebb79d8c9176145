/** What the parts of the log's contract share: topics of their own for each test, recording handlers, waiting. */
import type { TopicSpec } from '../../schemas/topics.ts'
import type { Batch, BatchContext, Consumer, ConsumeOptions, Log, LogRecord } from '../../services/lib/log/port.ts'

export interface LogHarness {
  /** Opens the log. Called again after `close()` it finds what was written. */
  open(): Promise<Log>
  /** Moves the log's clock ahead, where it can be moved. */
  advance?(ms: number): void
  destroy(): Promise<void>
}

/** The harness of the running test. */
export interface Suite {
  open(): Promise<Log>
  advance(ms: number): void
}

export const RETENTION_MS = 60_000

let names = 0
/** Topics and groups are new in each test, so that an adapter may keep one engine for all of them. */
export const freshName = (what: string): string => `${what}-${process.pid}-${++names}`

export function topicSpec(partitions = 1, cleanup: TopicSpec['cleanup'] = 'delete'): TopicSpec {
  return { name: freshName('topic'), partitions, key: 'any', holds: 'tests', cleanup, retentionMs: RETENTION_MS }
}

/** Opens the log with one topic in it. */
export async function withTopic(suite: Suite, partitions = 1, cleanup: TopicSpec['cleanup'] = 'delete') {
  const spec = topicSpec(partitions, cleanup)
  const log = await suite.open()
  await log.ensureTopics([spec])
  return { log, spec, topic: spec.name }
}

export const record = (text: string, key: string | null = null) => ({ key, value: Buffer.from(text) })
export const tombstone = (key: string) => ({ key, value: null })
export const textOf = ({ value }: { value: Buffer | null }): string | null => value?.toString() ?? null

export async function readAll(log: Log, topic: string, partition = 0, from?: number): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const one of log.read(topic, partition, from)) records.push(one)
  return records
}

export const readTexts = async (log: Log, topic: string, partition = 0, from?: number): Promise<(string | null)[]> =>
  (await readAll(log, topic, partition, from)).map(textOf)

/** Waits for a state, not for a time: the test's own limit ends a wait that never comes true. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}

export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function gate(): Gate {
  let open!: () => void
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

type Place = 'earliest' | 'latest' | 'committed' | number

export interface Recording {
  readonly consumer: Consumer
  /** Every batch in the order of its delivery. */
  readonly batches: Batch[]
  /** 'start 0', 'process 0', 'done 0', 'stop 0': what happened to which partition, in order. */
  readonly events: string[]
  readonly stopped: Error[]
  /** All records of a partition as delivered. */
  offsets(partition: number, topic?: string): number[]
  texts(partition: number, topic?: string): (string | null)[]
}

export interface RecordingOptions extends Partial<Omit<ConsumeOptions, 'handler' | 'topics'>> {
  readonly from?: Place | ((partition: number) => Place | Promise<Place>)
  onStart?(topic: string, partition: number): Promise<void>
  onStop?(topic: string, partition: number): Promise<void>
  process?(batch: Batch, context: BatchContext): Promise<void>
}

/** A consumer that writes down what it is given and does what the test wants besides. */
export async function recordTopics(log: Log, topics: string[], options: RecordingOptions = {}): Promise<Recording> {
  const batches: Batch[] = []
  const events: string[] = []
  const stopped: Error[] = []
  const { from = 'earliest', process, onStart, onStop, ...rest } = options
  const consumer = await log.consume({
    group: freshName('group'),
    onStopped: (reason) => stopped.push(reason),
    ...rest,
    topics,
    handler: (topic, partition) => ({
      async start() {
        events.push(`start ${partition}`)
        await onStart?.(topic, partition)
        return typeof from === 'function' ? from(partition) : from
      },
      async process(batch, context) {
        events.push(`process ${partition}`)
        batches.push(batch)
        await process?.(batch, context)
        events.push(`done ${partition}`)
      },
      async stop() {
        await onStop?.(topic, partition)
        events.push(`stop ${partition}`)
      },
    }),
  })
  const delivered = (partition: number, topic: string): LogRecord[] =>
    batches.filter((batch) => batch.partition === partition && batch.topic === topic).flatMap((batch) => batch.records)
  return {
    consumer,
    batches,
    events,
    stopped,
    offsets: (partition, topic = topics[0]!) => delivered(partition, topic).map(({ offset }) => offset),
    texts: (partition, topic = topics[0]!) => delivered(partition, topic).map(textOf),
  }
}
