/** Lends a log to another thread: does what the borrower asks for, and hands its consumers their batches. */
import type { MessagePort } from 'node:worker_threads'
import { type Calls, createCalls, packError } from '../../calls.ts'
import { packRecords, unpackValues } from '../packed-records.ts'
import {
  type BatchContext,
  type Consumer,
  type Log,
  LogError,
  type LogRecord,
  type PartitionHandler,
  type RecordInput,
} from '../port.ts'
import { BATCH_BYTES_MAX, BATCH_RECORDS_MAX } from '../runner.ts'
import { type BorrowerProcedures, type Joining, type LenderProcedures, type Page, type Place } from './protocol.ts'

export interface Lender {
  /** Closes the consumers of the borrower, whether or not it still answers. */
  close(): Promise<void>
}

interface Lending {
  readonly log: Log
  readonly consumers: Map<number, Consumer>
  /** Of the handlers that have begun to work on batches. */
  readonly contexts: Map<number, BatchContext>
  readonly borrower: Calls<BorrowerProcedures>
  lastHandler: number
}

function recordsIn(values: Parameters<typeof unpackValues>[0]): RecordInput[] {
  const records: RecordInput[] = []
  unpackValues(values, (_, key, value) => {
    records.push({ key, value })
  })
  return records
}

/** The partitions of a topic; none where it does not exist. */
function partitionsOf(log: Log, name: string): (readonly [string, number])[] {
  try {
    return [[name, log.partitions(name)]]
  } catch {
    return []
  }
}

async function page(
  log: Log,
  { topic, partition, from, end }: Place & { from: number | undefined; end: number },
): Promise<Page> {
  const records: LogRecord[] = []
  let bytes = 0
  for await (const record of log.read(topic, partition, from)) {
    if (record.offset >= end) break
    records.push(record)
    bytes += record.value?.length ?? 0
    if (records.length < BATCH_RECORDS_MAX && bytes < BATCH_BYTES_MAX) continue
    return { records: packRecords(records), next: record.offset + 1 }
  }
  return { records: packRecords(records), next: undefined }
}

/** A handler of the borrower, as the log knows it. */
function handlerOf(lending: Lending, consumer: number, place: Place): PartitionHandler {
  const { borrower, contexts } = lending
  const handler = ++lending.lastHandler
  return {
    start: () => borrower.ask('start', { ...place, consumer, handler }),
    async process({ records, endOffset }, context) {
      if (!contexts.has(handler)) {
        contexts.set(handler, context)
        context.signal.addEventListener('abort', () => borrower.tell('abort', handler), { once: true })
      }
      const packed = packRecords(records)
      await borrower.ask('process', { ...place, handler, records: packed, endOffset }, [packed.values.bytes.buffer])
    },
    async stop() {
      contexts.delete(handler)
      await borrower.ask('stop', handler)
    },
  }
}

async function join(lending: Lending, { consumer, topics, ...options }: Joining): Promise<void> {
  const joined = await lending.log.consume({
    ...options,
    topics,
    handler: (topic, partition) => handlerOf(lending, consumer, { topic, partition }),
    onStopped: (reason) => lending.borrower.tell('stopped', { consumer, error: packError(reason) }),
  })
  lending.consumers.set(consumer, joined)
}

async function heartbeat({ contexts }: Lending, handler: number): Promise<void> {
  const context = contexts.get(handler)
  if (context === undefined) throw new LogError('lease_lost', 'the handler has stopped')
  await context.heartbeat()
}

async function leave({ consumers }: Lending, number: number): Promise<void> {
  const consumer = consumers.get(number)
  consumers.delete(number)
  await consumer?.close()
}

const close = async (lending: Lending): Promise<void> => {
  await Promise.allSettled([...lending.consumers.keys()].map((consumer) => leave(lending, consumer)))
}

/** Lends it for as long as the port is open. The log stays the caller's, who closes it. */
export function lendLog(log: Log, port: MessagePort): Lender {
  const consumers = new Map<number, Consumer>()
  const contexts = new Map<number, BatchContext>()
  const procedures: LenderProcedures = {
    topics: (names) => names.flatMap((name) => partitionsOf(log, name)),
    ensureTopics: (specs) => log.ensureTopics(specs),
    append: ({ topic, partition, values }) => log.append(topic, partition, recordsIn(values)),
    page: (given) => page(log, given),
    bounds: ({ topic, partition }) => log.bounds(topic, partition),
    committed: ({ group, topic, partition }) => log.committed(group, topic, partition),
    health: () => log.health(),
    maintain: () => log.maintain(),
    join: (joining) => join(lending, joining),
    commit: async ({ consumer, topic, partition, offset }) => consumers.get(consumer)?.commit(topic, partition, offset),
    seek: ({ consumer, topic, partition, offset }) => consumers.get(consumer)?.seek(topic, partition, offset),
    pause: ({ consumer, topic, partition }) => consumers.get(consumer)?.pause(topic, partition),
    resume: ({ consumer, topic, partition }) => consumers.get(consumer)?.resume(topic, partition),
    leave: (consumer) => leave(lending, consumer),
    heartbeat: (handler) => heartbeat(lending, handler),
  }
  const borrower = createCalls<BorrowerProcedures>(port, procedures, () => void close(lending))
  const lending: Lending = { log, consumers, contexts, borrower, lastHandler: 0 }
  return {
    async close() {
      await close(lending)
      borrower.close()
    },
  }
}
