/**
 * Appends. What waits for one partition goes out as one batch; batches of all partitions that one broker leads go out in
 * one request; one request to a broker is under way at a time, so that what arrives meanwhile forms the next (group
 * commit, without a timer). A partition has at most one batch under way, which keeps the order of the calls.
 *
 * An append is acknowledged by the answer that names its partition and gives an offset, and by nothing else. Batches carry
 * a producer id and sequence, so that a repeat after a lost answer is recognised by the broker. A batch that is given up
 * with its fate unknown has perhaps used its sequence: its partition goes on with a producer id of its own, since with
 * the old one the broker could take the next batch for a repeat and acknowledge what it never wrote.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Clock } from '../../clock.ts'
import { LogError, type RecordInput } from '../port.ts'
import { type Cluster, unavailable } from './cluster.ts'
import { type PartitionBatch, type Produced, produceTo } from './produce.ts'
import { writeRecordBatch } from './record-batch-writer.ts'
import type { TopicTable } from './topics.ts'
import { errorOf, type Wire } from './wire.ts'

export interface AppendQueue {
  append(topic: string, partition: number, records: readonly RecordInput[]): Promise<number>
  /** Why appends fail, if the newest answer about one was a failure and is not long ago. */
  failure(): string | undefined
  /** Refuses appends from now on and waits for those under way. */
  close(): Promise<void>
}

/** A run of records of one call that fits in one batch. */
interface Part {
  readonly records: readonly RecordInput[]
  readonly bytes: number
  readonly queuedAt: number
  settle(outcome: number | LogError): void
}

interface Producer {
  readonly id: bigint
  readonly epoch: number
}

/** One partition with what waits for it. */
interface Lane {
  readonly topic: string
  readonly partition: number
  parts: Part[]
  /** The batch under way or to be repeated, always with the same records under the same sequence. */
  batch: Part[] | undefined
  producer: Producer | undefined
  nextSequence: number
  failures: number
  sending: boolean
  /** Not before this moment, by performance.now. */
  retryAt: number
}

const RECORD_FRAMING_BYTES = 32
const SEQUENCE_END = 2 ** 31
/** The broker has lost track of the sequence, or refuses the producer id: the batch was not written by this request. */
const NEEDS_NEW_PRODUCER = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
])

const sizeOf = ({ key, value }: RecordInput): number =>
  (key === null ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0)

/** Cuts the records of one call into runs that fit in a batch. Throws record_too_large. */
function cut(topic: string, records: readonly RecordInput[]): { records: RecordInput[]; bytes: number }[] {
  const runs: { records: RecordInput[]; bytes: number }[] = []
  for (const record of records) {
    const size = sizeOf(record)
    if (size > LIMITS.log_record_bytes_max) {
      const message = `a record of ${size} bytes for topic ${topic}: at most ${LIMITS.log_record_bytes_max} are taken`
      throw new LogError('record_too_large', message)
    }
    const bytes = size + RECORD_FRAMING_BYTES
    const last = runs.at(-1)
    if (last === undefined || last.bytes + bytes > LIMITS.kafka_batch_bytes_max) runs.push({ records: [record], bytes })
    else {
      last.records.push(record)
      last.bytes += bytes
    }
  }
  return runs
}

export function createAppendQueue(options: {
  readonly cluster: Cluster
  readonly topics: TopicTable
  readonly clock: Clock
  /** Bytes of one topic that may wait; beyond it an append is refused with log_unavailable. */
  readonly pendingBytesMax: number
  /** Offset that the next record of a partition gets. */
  end(topic: string, partition: number): Promise<number>
}): AppendQueue {
  const { cluster, topics, clock, pendingBytesMax, end } = options
  const lanes = new Map<string, Lane>()
  /** Lanes with something to send. */
  const waiting = new Set<Lane>()
  const busyNodes = new Set<number>()
  const pendingBytes = new Map<string, number>()
  let commonProducer: Promise<Producer> | undefined
  let failure: { reason: string; at: number } | undefined
  let closed = false
  let planned = false
  let timer: NodeJS.Timeout | undefined
  let idle: (() => void) | undefined

  const laneOf = (topic: string, partition: number): Lane => {
    const name = `${topic}/${partition}`
    let lane = lanes.get(name)
    if (lane === undefined) {
      const empty = { parts: [], batch: undefined, producer: undefined, nextSequence: 0, failures: 0 }
      lanes.set(name, (lane = { topic, partition, ...empty, sending: false, retryAt: 0 }))
    }
    return lane
  }

  async function createProducer(): Promise<Producer> {
    type Answer = { errorCode: number; producerId: string; producerEpoch: number }
    const wire = await cluster.any()
    const answer = await wire.call<Answer>('InitProducerId', { transactionalId: null, transactionTimeout: 0 })
    const error = errorOf(answer.errorCode)
    if (error !== undefined) throw error
    return { id: BigInt(answer.producerId), epoch: answer.producerEpoch }
  }

  /** All partitions share one producer id until one of them has to leave it. */
  async function producerFor(lane: Lane): Promise<void> {
    if (lane.producer !== undefined) return
    if (lane.nextSequence < 0) lane.producer = await createProducer()
    else {
      commonProducer ??= createProducer()
      lane.producer = await commonProducer.catch((error: unknown) => {
        commonProducer = undefined
        throw error
      })
    }
    lane.nextSequence = 0
  }

  function leaveProducer(lane: Lane): void {
    lane.producer = undefined
    lane.nextSequence = -1
  }

  function fill(lane: Lane): Part[] {
    if (lane.batch !== undefined) return lane.batch
    let count = 0
    let bytes = 0
    while (
      count < lane.parts.length &&
      (count === 0 || bytes + lane.parts[count]!.bytes <= LIMITS.kafka_batch_bytes_max)
    ) {
      bytes += lane.parts[count]!.bytes
      count++
    }
    lane.batch = lane.parts.splice(0, count)
    return lane.batch
  }

  function settle(lane: Lane, outcome: number | LogError): void {
    const batch = lane.batch!
    lane.batch = undefined
    lane.failures = 0
    lane.retryAt = 0
    let offset = outcome
    for (const part of batch) {
      part.settle(offset)
      if (typeof offset === 'number') offset += part.records.length
    }
    if (lane.parts.length === 0) waiting.delete(lane)
  }

  function succeed(lane: Lane, baseOffset: number): void {
    const count = lane.batch!.reduce((sum, part) => sum + part.records.length, 0)
    lane.nextSequence = (lane.nextSequence + count) % SEQUENCE_END
    failure = undefined
    settle(lane, baseOffset)
  }

  /** Repeats the batch, or gives it up when that has gone on for too long or cannot help. */
  function fail(lane: Lane, error: Error & { type?: string; retriable?: boolean }): void {
    const { type } = error
    const place = `${lane.topic}/${lane.partition}`
    if (type !== undefined && NEEDS_NEW_PRODUCER.has(type)) leaveProducer(lane)
    else if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
      const hint = `its limit is below ${LIMITS.kafka_batch_bytes_max} bytes: raise max.message.bytes of the topic`
      settle(lane, new LogError('record_too_large', `the brokers refuse a batch for ${place}: ${hint}`))
      return
    }
    failure = { reason: `${place}: ${error.message}`, at: performance.now() }
    const hopeless = type !== undefined && error.retriable === false && !NEEDS_NEW_PRODUCER.has(type)
    const waited = performance.now() - lane.batch![0]!.queuedAt
    if (hopeless || waited > LIMITS.kafka_patience_ms_max) {
      leaveProducer(lane)
      settle(lane, unavailable(`nothing could be appended to ${place}`, error))
      return
    }
    const pauseMs = Math.min(LIMITS.kafka_retry_ms_min * 2 ** lane.failures++, LIMITS.kafka_retry_ms_max)
    lane.retryAt = performance.now() + pauseMs
  }

  function readAnswer(produced: readonly Produced[], sent: readonly Lane[]): void {
    const said = new Map(produced.map((one) => [`${one.topic}/${one.partition}`, one]))
    for (const lane of sent) {
      const { errorCode = 0, baseOffset = -1 } = said.get(`${lane.topic}/${lane.partition}`) ?? {}
      const error = errorOf(errorCode)
      if (error !== undefined) fail(lane, error)
      else if (baseOffset >= 0) succeed(lane, baseOffset)
      else fail(lane, new Error('the answer of the broker does not name the partition and an offset'))
    }
  }

  function batchOf(lane: Lane): PartitionBatch {
    const { topic, partition, nextSequence: firstSequence } = lane
    const { id: producerId, epoch: producerEpoch } = lane.producer!
    const records = lane.batch!.flatMap((part) => part.records)
    const header = { timeMs: clock.now(), producerId, producerEpoch, firstSequence }
    return { topic, partition, batch: writeRecordBatch(records, header) }
  }

  async function send(wire: Wire, sent: readonly Lane[]): Promise<void> {
    await Promise.all(sent.map(producerFor))
    readAnswer(await produceTo(wire, sent.map(batchOf)), sent)
  }

  async function sendTo(node: number, chosen: readonly Lane[]): Promise<void> {
    busyNodes.add(node)
    for (const lane of chosen) lane.sending = true
    try {
      await send(await cluster.node(node), chosen)
    } catch (error) {
      for (const lane of chosen) if (lane.batch !== undefined) fail(lane, error as Error)
    } finally {
      busyNodes.delete(node)
      for (const lane of chosen) lane.sending = false
      if (chosen.some((lane) => lane.failures > 0)) await cluster.refresh().catch(() => undefined)
      plan()
    }
  }

  /** Batches for each broker that is free, oldest lanes first, up to the size of a request. */
  function choose(now: number): { chosen: Map<number, Lane[]>; leaderless: Lane[]; laterMs: number } {
    const chosen = new Map<number, Lane[]>()
    const bytes = new Map<number, number>()
    const leaderless: Lane[] = []
    let laterMs = Number.POSITIVE_INFINITY
    for (const lane of waiting) {
      if (lane.sending) continue
      if (lane.retryAt > now) {
        laterMs = Math.min(laterMs, lane.retryAt - now)
        continue
      }
      const node = cluster.leader(lane.topic, lane.partition)
      if (node === undefined) leaderless.push(lane)
      else if (!busyNodes.has(node)) {
        const size = (bytes.get(node) ?? 0) + fill(lane).reduce((sum, part) => sum + part.bytes, 0)
        if (size > LIMITS.kafka_produce_bytes_max && bytes.has(node)) continue
        bytes.set(node, size)
        chosen.set(node, [...(chosen.get(node) ?? []), lane])
      }
    }
    return { chosen, leaderless, laterMs }
  }

  async function seekLeaders(lanesWithout: readonly Lane[]): Promise<void> {
    for (const lane of lanesWithout) {
      fill(lane)
      fail(lane, new Error('the partition has no leader at the moment'))
    }
    await cluster.refresh().catch(() => undefined)
    plan()
  }

  function dispatch(): void {
    planned = false
    const { chosen, leaderless, laterMs } = choose(performance.now())
    for (const [node, lanesOfNode] of chosen) {
      // A lane that was sent goes behind the others: none is starved by a busier one.
      for (const lane of lanesOfNode) if (waiting.delete(lane)) waiting.add(lane)
      void sendTo(node, lanesOfNode)
    }
    if (leaderless.length > 0) void seekLeaders(leaderless)
    clearTimeout(timer)
    if (laterMs < Number.POSITIVE_INFINITY) timer = setTimeout(plan, laterMs)
    if (waiting.size === 0) idle?.()
  }

  function plan(): void {
    if (planned) return
    planned = true
    queueMicrotask(dispatch)
  }

  function reserve(topic: string, bytes: number): void {
    if (bytes > pendingBytesMax) {
      throw new LogError('record_too_large', `an append of ${bytes} bytes: only ${pendingBytesMax} may wait`)
    }
    const pending = pendingBytes.get(topic) ?? 0
    if (pending + bytes > pendingBytesMax) {
      const message = `${pending} of the ${pendingBytesMax} bytes that may wait on topic ${topic} do: try again later`
      throw new LogError('log_unavailable', message)
    }
    pendingBytes.set(topic, pending + bytes)
  }

  function enqueue(lane: Lane, run: { records: readonly RecordInput[]; bytes: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      lane.parts.push({
        ...run,
        queuedAt: performance.now(),
        settle(outcome) {
          if (typeof outcome === 'number') resolve(outcome)
          else reject(outcome)
        },
      })
    })
  }

  return {
    async append(topic, partition, records) {
      const spec = topics.check(topic, partition)
      if (closed) throw unavailable('the log is closed')
      if (spec.cleanup === 'compact' && records.some(({ key }) => key === null)) {
        throw new Error(`a record without a key cannot go to the compacted topic ${topic}`)
      }
      const runs = cut(topic, records)
      if (runs.length === 0) return end(topic, partition)
      const bytes = runs.reduce((sum, run) => sum + run.bytes, 0)
      reserve(topic, bytes)
      const lane = laneOf(topic, partition)
      const settled = runs.map((run) => enqueue(lane, run))
      waiting.add(lane)
      plan()
      try {
        const outcomes = await Promise.allSettled(settled)
        const refused = outcomes.find((outcome) => outcome.status === 'rejected')
        if (refused !== undefined) throw refused.reason
        return (outcomes[0] as PromiseFulfilledResult<number>).value
      } finally {
        pendingBytes.set(topic, pendingBytes.get(topic)! - bytes)
      }
    },
    failure() {
      if (failure === undefined || performance.now() - failure.at > LIMITS.kafka_request_ms_max) return undefined
      return failure.reason
    },
    async close() {
      closed = true
      while (waiting.size > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve
        })
      }
      clearTimeout(timer)
      await wait(0)
    },
  }
}
