/**
 * A log that another thread holds, as the log port. It keeps the contract of the log that it borrows; the thread that holds it
 * does the work, and closing what is borrowed leaves the log open.
 */
import type { MessagePort } from 'node:worker_threads'
import { topicSpecs } from '../../../../schemas/topics.ts'
import { type Calls, createCalls, unpackError } from '../../calls.ts'
import { packValues, unpackRecords } from '../packed-records.ts'
import {
  type BatchContext,
  type ConsumeOptions,
  type Consumer,
  type Log,
  LogError,
  type LogRecord,
  type PartitionHandler,
} from '../port.ts'
import type { BorrowerProcedures, LenderProcedures, Place } from './protocol.ts'

/** A handler that has started. */
interface Held extends Place {
  readonly consumer: number
  readonly handler: PartitionHandler
  readonly lease: AbortController
  readonly context: BatchContext
}

interface Borrowing {
  readonly lender: Calls<LenderProcedures>
  /** Partitions by topic. */
  readonly topics: Map<string, number>
  readonly consumers: Map<number, ConsumeOptions>
  readonly held: Map<number, Held>
  lastConsumer: number
  closed: boolean
}

function heldBy({ held }: Borrowing, number: number): Held {
  const one = held.get(number)
  if (one === undefined) throw new Error(`no handler has the number ${number}`)
  return one
}

type Start = Parameters<BorrowerProcedures['start']>[0]

async function start(borrowing: Borrowing, { consumer, handler: number, topic, partition }: Start) {
  const handler = borrowing.consumers.get(consumer)?.handler(topic, partition)
  if (handler === undefined) throw new LogError('lease_lost', `the consumer of ${topic}/${partition} has left`)
  const lease = new AbortController()
  const context: BatchContext = {
    signal: lease.signal,
    heartbeat: () => borrowing.lender.ask('heartbeat', number),
  }
  borrowing.held.set(number, { consumer, topic, partition, handler, lease, context })
  try {
    return await handler.start()
  } catch (error) {
    // A handler that could not start is not asked to stop.
    borrowing.held.delete(number)
    throw error
  }
}

async function stop(borrowing: Borrowing, number: number): Promise<void> {
  const { handler, lease } = heldBy(borrowing, number)
  lease.abort()
  try {
    await handler.stop()
  } finally {
    borrowing.held.delete(number)
  }
}

const proceduresOf = (given: () => Borrowing): BorrowerProcedures => ({
  start: (what) => start(given(), what),
  async process({ handler: number, topic, partition, records, endOffset }) {
    const { handler, context } = heldBy(given(), number)
    await handler.process({ topic, partition, records: unpackRecords(records), endOffset }, context)
  },
  abort: (number) => given().held.get(number)?.lease.abort(),
  stop: (number) => stop(given(), number),
  stopped: ({ consumer, error }) => given().consumers.get(consumer)?.onStopped(unpackError(error)),
})

async function* read({ lender }: Borrowing, place: Place, from: number | undefined): AsyncGenerator<LogRecord> {
  const { end } = await lender.ask('bounds', place)
  for (let next = from; ; ) {
    const page = await lender.ask('page', { ...place, from: next, end })
    yield* unpackRecords(page.records)
    if (page.next === undefined) return
    next = page.next
  }
}

/** Where a consumer's handlers have started. */
const ownedBy = ({ held }: Borrowing, consumer: number): Place[] =>
  [...held.values()].filter((one) => one.consumer === consumer).map(({ topic, partition }) => ({ topic, partition }))

async function leave({ lender, consumers }: Borrowing, consumer: number): Promise<void> {
  try {
    await lender.ask('leave', consumer)
  } finally {
    consumers.delete(consumer)
  }
}

async function consume(borrowing: Borrowing, options: ConsumeOptions): Promise<Consumer> {
  const { lender, consumers } = borrowing
  const consumer = ++borrowing.lastConsumer
  consumers.set(consumer, options)
  const { handler: _handler, onStopped: _onStopped, ...joining } = options
  await lender.ask('join', { ...joining, consumer })
  let leaving: Promise<void> | undefined
  return {
    owned: () => ownedBy(borrowing, consumer),
    commit: (topic, partition, offset) => lender.ask('commit', { consumer, topic, partition, offset }),
    seek: (topic, partition, offset) => lender.tell('seek', { consumer, topic, partition, offset }),
    pause: (topic, partition) => lender.tell('pause', { consumer, topic, partition }),
    resume: (topic, partition) => lender.tell('resume', { consumer, topic, partition }),
    close: () => (leaving ??= leave(borrowing, consumer)),
  }
}

async function close(borrowing: Borrowing): Promise<void> {
  borrowing.closed = true
  const left = await Promise.allSettled([...borrowing.consumers.keys()].map((consumer) => leave(borrowing, consumer)))
  await borrowing.lender.answered()
  borrowing.lender.close()
  const failed = left.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Throws LogError where the log is not to be reached. Its topics are those of this version, and those that it is asked to make. */
export async function borrowLog(port: MessagePort): Promise<Log> {
  const lender = createCalls<LenderProcedures>(
    port,
    proceduresOf(() => borrowing),
  )
  const known = await lender.ask(
    'topics',
    topicSpecs().map(({ name }) => name),
  )
  const borrowing: Borrowing = {
    lender,
    topics: new Map(known),
    consumers: new Map(),
    held: new Map(),
    lastConsumer: 0,
    closed: false,
  }
  const open = (): Calls<LenderProcedures> => {
    if (borrowing.closed) throw new LogError('log_unavailable', 'the log is closed')
    return lender
  }
  let closing: Promise<void> | undefined
  return {
    async ensureTopics(specs) {
      await open().ask('ensureTopics', specs)
      for (const { name, partitions } of specs) borrowing.topics.set(name, partitions)
    },
    partitions(topic) {
      const partitions = borrowing.topics.get(topic)
      if (partitions === undefined) throw new Error(`there is no topic ${topic}`)
      return partitions
    },
    async append(topic, partition, records) {
      const values = packValues(records)
      return open().ask('append', { topic, partition, values }, [values.bytes.buffer])
    },
    read: (topic, partition, from) => read(borrowing, { topic, partition }, from),
    bounds: async (topic, partition) => open().ask('bounds', { topic, partition }),
    committed: async (group, topic, partition) => open().ask('committed', { group, topic, partition }),
    consume: async (options) => {
      open()
      return consume(borrowing, options)
    },
    health: async () => (borrowing.closed ? { ok: false, reason: 'the log is closed' } : lender.ask('health', null)),
    maintain: async () => open().ask('maintain', null),
    close: () => (closing ??= close(borrowing)),
  }
}
