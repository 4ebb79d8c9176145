/**
 * Appends. What waits for one partition goes out as one batch. Batches for all partitions that one broker leads go out in
 * one request. One request per broker is in progress at a time, so what arrives meanwhile forms the next (group commit,
 * without a timer).
 *
 * Only an answer that names the partition and gives an offset acknowledges an append. Batches carry a producer id and
 * sequence, so the broker recognises a repeat after a lost answer. A batch that was given up with its fate unknown may
 * have used its sequence. Its partition continues with a producer id of its own: under the old one the broker could take
 * the next batch for a repeat and acknowledge what it never wrote.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Clock } from '../../clock.ts'
import type { RecordInput } from '../port.ts'
import { checkRecord, createWaitingBytes } from '../waiting-bytes.ts'
import { type Cluster, unavailable } from './cluster.ts'
import {
  createLane,
  cutRuns,
  encodeBatch,
  enqueue,
  fail,
  fillBatch,
  isEmpty,
  type Lane,
  recordBytes,
  succeed,
} from './lane.ts'
import { type Produced, produceTo } from './produce.ts'
import { createProducers } from './producers.ts'
import type { TopicTable } from './topics.ts'
import { errorOf } from './wire.ts'

export interface AppendQueue {
  append(topic: string, partition: number, records: readonly RecordInput[]): Promise<number>
  /** Why appends fail, if the newest answer about one was a failure and is not long ago. */
  failure(): string | undefined
  /** Refuses appends from now on and waits for those under way. */
  close(): Promise<void>
}

export interface AppendQueueOptions {
  readonly cluster: Cluster
  readonly topics: TopicTable
  readonly clock: Clock
  /** Bytes of one topic that may wait; beyond it an append is refused with log_unavailable. */
  readonly pendingBytesMax: number
  /** Offset that the next record of a partition gets. */
  end(topic: string, partition: number): Promise<number>
}

interface Queue {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly assignProducer: (lane: Lane) => Promise<void>
  readonly lanes: Map<string, Lane>
  /** Lanes with something to send, those that were sent longest ago first. */
  readonly waiting: Set<Lane>
  readonly busyNodes: Set<number>
  failure: { readonly reason: string; readonly at: number } | undefined
  closed: boolean
  planned: boolean
  timer: NodeJS.Timeout | undefined
  /** Called when nothing waits any more. */
  idle: (() => void) | undefined
}

function laneOf(queue: Queue, topic: string, partition: number): Lane {
  const name = `${topic}/${partition}`
  let lane = queue.lanes.get(name)
  if (lane === undefined) queue.lanes.set(name, (lane = createLane(topic, partition)))
  return lane
}

function onFailure(queue: Queue, lane: Lane, error: Error): void {
  const isRecords = fail(lane, error) === 'records'
  if (!isRecords) queue.failure = { reason: `${lane.topic}/${lane.partition}: ${error.message}`, at: performance.now() }
  if (isEmpty(lane)) queue.waiting.delete(lane)
}

function onSuccess(queue: Queue, lane: Lane, baseOffset: number): void {
  queue.failure = undefined
  succeed(lane, baseOffset)
  if (isEmpty(lane)) queue.waiting.delete(lane)
}

function readAnswer(queue: Queue, produced: readonly Produced[], sent: readonly Lane[]): void {
  const said = new Map(produced.map((one) => [`${one.topic}/${one.partition}`, one]))
  for (const lane of sent) {
    const { errorCode = 0, baseOffset = -1 } = said.get(`${lane.topic}/${lane.partition}`) ?? {}
    const error = errorOf(errorCode)
    if (error !== undefined) onFailure(queue, lane, error)
    else if (baseOffset >= 0) onSuccess(queue, lane, baseOffset)
    else onFailure(queue, lane, new Error('the answer of the broker does not name the partition and an offset'))
  }
}

async function sendTo(queue: Queue, node: number, lanes: readonly Lane[]): Promise<void> {
  const { cluster, clock, busyNodes } = queue
  busyNodes.add(node)
  for (const lane of lanes) lane.sending = true
  try {
    const wire = await cluster.node(node)
    await Promise.all(lanes.map(queue.assignProducer))
    const batches = lanes.map((lane) => encodeBatch(lane, clock.now()))
    readAnswer(queue, await produceTo(wire, batches), lanes)
  } catch (error) {
    for (const lane of lanes) if (lane.batch !== undefined) onFailure(queue, lane, error as Error)
  } finally {
    busyNodes.delete(node)
    for (const lane of lanes) lane.sending = false
    if (lanes.some((lane) => lane.failures > 0)) await cluster.refresh().catch(() => undefined)
    plan(queue)
  }
}

/** What can be sent now: lanes for each broker that is free, those without a leader, and when to look again. */
function choose(queue: Queue, now: number): { byNode: Map<number, Lane[]>; leaderless: Lane[]; laterMs: number } {
  const byNode = new Map<number, Lane[]>()
  const bytes = new Map<number, number>()
  const leaderless: Lane[] = []
  let laterMs = Number.POSITIVE_INFINITY
  for (const lane of queue.waiting) {
    if (lane.sending) continue
    if (lane.retryAt > now) {
      laterMs = Math.min(laterMs, lane.retryAt - now)
      continue
    }
    const node = queue.cluster.leader(lane.topic, lane.partition)
    if (node === undefined) leaderless.push(lane)
    else if (!queue.busyNodes.has(node)) {
      const size = (bytes.get(node) ?? 0) + fillBatch(lane)
      if (size > LIMITS.kafka_produce_bytes_max && bytes.has(node)) continue
      bytes.set(node, size)
      byNode.set(node, [...(byNode.get(node) ?? []), lane])
    }
  }
  return { byNode, leaderless, laterMs }
}

async function seekLeaders(queue: Queue, lanes: readonly Lane[]): Promise<void> {
  for (const lane of lanes) {
    fillBatch(lane)
    onFailure(queue, lane, new Error('the partition has no leader at the moment'))
  }
  await queue.cluster.refresh().catch(() => undefined)
  plan(queue)
}

function dispatch(queue: Queue): void {
  const { waiting } = queue
  queue.planned = false
  const { byNode, leaderless, laterMs } = choose(queue, performance.now())
  for (const [node, lanes] of byNode) {
    // A lane that was sent goes behind the others: none is starved by a busier one.
    for (const lane of lanes) if (waiting.delete(lane)) waiting.add(lane)
    void sendTo(queue, node, lanes)
  }
  if (leaderless.length > 0) void seekLeaders(queue, leaderless)
  clearTimeout(queue.timer)
  if (laterMs < Number.POSITIVE_INFINITY) queue.timer = setTimeout(plan, laterMs, queue)
  if (waiting.size === 0) queue.idle?.()
}

/** Dispatches at the end of this turn, so that all that is appended in it goes out together. */
function plan(queue: Queue): void {
  if (queue.planned) return
  queue.planned = true
  queueMicrotask(() => dispatch(queue))
}

/** Puts the runs of one call into the lane; resolves with the offset of the first record, or throws why one was refused. */
async function appendRuns(queue: Queue, lane: Lane, runs: ReturnType<typeof cutRuns>): Promise<number> {
  const settled = runs.map((run) => enqueue(lane, run))
  queue.waiting.add(lane)
  plan(queue)
  const outcomes = await Promise.allSettled(settled)
  const refused = outcomes.find((outcome) => outcome.status === 'rejected')
  if (refused !== undefined) throw refused.reason
  return (outcomes[0] as PromiseFulfilledResult<number>).value
}

async function drain(queue: Queue): Promise<void> {
  queue.closed = true
  while (queue.waiting.size > 0) {
    await new Promise<void>((resolve) => {
      queue.idle = resolve
    })
  }
  clearTimeout(queue.timer)
  await wait(0)
}

/** Makes the queue; nothing is sent before the first append. */
export function createAppendQueue(options: AppendQueueOptions): AppendQueue {
  const { cluster, topics, clock, end } = options
  const bytesWaiting = createWaitingBytes(options.pendingBytesMax)
  const queue: Queue = {
    cluster,
    clock,
    assignProducer: createProducers(cluster),
    lanes: new Map(),
    waiting: new Set(),
    busyNodes: new Set(),
    failure: undefined,
    closed: false,
    planned: false,
    timer: undefined,
    idle: undefined,
  }
  return {
    async append(topic, partition, records) {
      const isCompacted = topics.check(topic, partition).cleanup === 'compact'
      if (queue.closed) throw unavailable('the log is closed')
      for (const record of records) checkRecord(topic, isCompacted, record, recordBytes(record))
      if (records.length === 0) return end(topic, partition)
      const lane = laneOf(queue, topic, partition)
      const runs = cutRuns(records, lane.bytesMax)
      const bytes = runs.reduce((sum, run) => sum + run.bytes, 0)
      bytesWaiting.reserve(topic, bytes)
      try {
        return await appendRuns(queue, lane, runs)
      } finally {
        bytesWaiting.free(topic, bytes)
      }
    },
    failure() {
      const { failure } = queue
      const isOld = failure === undefined || performance.now() - failure.at > LIMITS.kafka_request_ms_max
      return isOld ? undefined : failure.reason
    },
    close: () => drain(queue),
  }
}
