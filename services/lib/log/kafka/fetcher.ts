/**
 * Fetches for all partitions of one consumer. One fetch per broker is in progress at a time, for every partition that the
 * broker leads and that has nothing left to hand out. So a consumer holds the current batch and one chunk read ahead per
 * partition, and a busy partition delays no other. Trouble with a broker is retried with fresh metadata, without limit.
 * Trouble with a partition (its offset is gone, a batch cannot be read) is reported to its reader.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Logger } from '../../logger.ts'
import { LogError } from '../port.ts'
import type { Source, Taken } from '../runner.ts'
import type { Cluster } from './cluster.ts'
import { type Fetched, fetchFrom } from './fetch.ts'
import type { Offsets } from './offsets.ts'
import { createSlot, handOut, isDrained, reset, type Slot, stop, takeIn } from './slot.ts'
import { errorOf } from './wire.ts'

export interface Fetcher {
  /** Calls `onChange` whenever `take` may have something, or throws. */
  open(topic: string, partition: number, options: { compacted: boolean; onChange(): void }): Source
  close(): void
}

export interface FetcherOptions {
  /** A separate one: a fetch that waits for something new blocks its connection. */
  readonly cluster: Cluster
  readonly offsets: Offsets
  readonly logger: Logger
}

interface State extends FetcherOptions {
  /** Those that were served longest ago first. */
  readonly slots: Set<Slot>
  readonly busyNodes: Set<number>
  planned: NodeJS.Immediate | undefined
  /** Until leaders are looked for again. */
  timer: NodeJS.Timeout | undefined
  /** Of fetches in a row. */
  failures: number
  closed: boolean
}

const bytesAhead = ({ slots }: State): number => slots.values().reduce((sum, { bytes }) => sum + bytes, 0)

const isIdle = (slot: Slot): boolean => slot.paused || slot.offset < 0 || slot.error !== undefined

/** The offset is gone, or the broker that said so is not the leader any more: its place in the log decides. */
async function verify({ offsets }: State, slot: Slot): Promise<void> {
  const { age, offset } = slot
  try {
    await offsets.check(slot.topic, slot.partition, offset)
  } catch (error) {
    if (slot.age === age && error instanceof LogError && !error.retriable) stop(slot, error)
  }
}

/** Takes in what a fetch said about its partitions; whether that needs fresh knowledge of the cluster. */
async function readAnswer(
  state: State,
  chosen: readonly Slot[],
  ages: readonly number[],
  partitions: readonly Fetched[],
): Promise<boolean> {
  const answers = new Map(partitions.map((fetched) => [`${fetched.topic}/${fetched.partition}`, fetched]))
  let isStale = false
  for (const [i, slot] of chosen.entries()) {
    const fetched = answers.get(`${slot.topic}/${slot.partition}`)
    if (fetched === undefined || slot.age !== ages[i]) continue
    const error = errorOf(fetched.errorCode)
    if (error?.type === 'OFFSET_OUT_OF_RANGE') await verify(state, slot)
    if (error === undefined) takeIn(slot, fetched, chosen.length > 1)
    else isStale = true
  }
  return isStale
}

async function fetchNode(state: State, node: number, chosen: readonly Slot[], waitMs: number): Promise<void> {
  const { cluster, logger, slots, busyNodes } = state
  busyNodes.add(node)
  const ages = chosen.map(({ age }) => age)
  const bytesMax = LIMITS.kafka_partition_fetch_bytes_max
  const wanted = chosen.map(({ topic, partition, offset }) => ({ topic, partition, offset, bytesMax }))
  let isStale = true
  try {
    const { errorCode, partitions } = await fetchFrom(await cluster.node(node), wanted, waitMs)
    const error = errorOf(errorCode)
    if (error !== undefined) throw error
    isStale = await readAnswer(state, chosen, ages, partitions)
    // Who came first goes last next time, so that a busy partition does not crowd out the others.
    for (const slot of chosen) if (slots.delete(slot)) slots.add(slot)
    if (!isStale) state.failures = 0
  } catch (error) {
    if (!state.closed) logger.debug({ node, why: (error as Error).message }, 'a fetch failed; trying again')
  }
  if (isStale && !state.closed) await breathe(state)
  busyNodes.delete(node)
  plan(state)
}

/** Waits, longer each time in a row, and asks who leads what. */
async function breathe(state: State): Promise<void> {
  const doublings = Math.min(state.failures++, 10)
  const pauseMs = Math.min(LIMITS.kafka_retry_ms_min * 2 ** doublings, LIMITS.kafka_retry_ms_max)
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
  await state.cluster.refresh().catch((error: unknown) => {
    // Once for each time that the brokers go away: what follows is only more of the same.
    if (state.failures !== 5) return
    state.logger.warn({ why: (error as Error).message }, 'no broker can be reached; trying on')
  })
}

async function seekLeaders(state: State): Promise<void> {
  await breathe(state)
  plan(state)
}

/** By leader: the slots that want to be fetched, and whether others of it are still being worked on. */
function groupByLeader(state: State): Map<number | undefined, { wanted: Slot[]; inWork: boolean }> {
  const isRoom = bytesAhead(state) < LIMITS.kafka_ahead_bytes_max
  const byNode = new Map<number | undefined, { wanted: Slot[]; inWork: boolean }>()
  for (const slot of state.slots) {
    const node = state.cluster.leader(slot.topic, slot.partition)
    let group = byNode.get(node)
    if (group === undefined) byNode.set(node, (group = { wanted: [], inWork: false }))
    const isWanted = !isIdle(slot) && isDrained(slot) && (slot.hungry || isRoom)
    if (isWanted) group.wanted.push(slot)
    else if (!slot.paused && slot.error === undefined) group.inWork = true
  }
  return byNode
}

/** Starts a fetch at each broker that is free and leads something wanted. */
function dispatch(state: State): void {
  state.planned = undefined
  if (state.closed) return
  for (const [node, { wanted, inWork }] of groupByLeader(state)) {
    if (wanted.length === 0) continue
    if (node === undefined) {
      clearTimeout(state.timer)
      state.timer = setTimeout(() => void seekLeaders(state), LIMITS.kafka_retry_ms_min)
    } else if (!state.busyNodes.has(node)) {
      const alone = wanted.find((slot) => slot.alone)
      const waitMs = inWork || alone !== undefined ? LIMITS.kafka_fetch_wait_ms_busy : LIMITS.kafka_fetch_wait_ms
      void fetchNode(state, node, alone === undefined ? byTopic(wanted) : [alone], waitMs)
    }
  }
}

/** One turn later, when readers have taken what has just come. */
function plan(state: State): void {
  if (!state.closed) state.planned ??= setImmediate(dispatch, state)
}

function take(state: State, slot: Slot, recordsMax: number, bytesMax: number): Taken | undefined {
  if (slot.error !== undefined) throw slot.error
  if (slot.paused) return undefined
  if (isDrained(slot)) {
    slot.hungry = true
    plan(state)
    return undefined
  }
  const taken = handOut(slot, recordsMax, bytesMax)
  if (isDrained(slot)) plan(state)
  return taken
}

const sourceOf = (state: State, slot: Slot): Source => ({
  take: (recordsMax, bytesMax) => take(state, slot, recordsMax, bytesMax),
  reset(offset) {
    reset(slot, offset)
    plan(state)
  },
  setPaused(paused) {
    slot.paused = paused
    plan(state)
  },
  close() {
    // The answer to a fetch that is under way is dropped.
    slot.age++
    state.slots.delete(slot)
  },
})

/** Makes a fetcher; it fetches nothing until a source is reset to an offset. */
export function createFetcher(options: FetcherOptions): Fetcher {
  const state: State = {
    ...options,
    slots: new Set(),
    busyNodes: new Set(),
    planned: undefined,
    timer: undefined,
    failures: 0,
    closed: false,
  }
  return {
    open(topic, partition, slotOptions) {
      const slot = createSlot(topic, partition, slotOptions)
      state.slots.add(slot)
      return sourceOf(state, slot)
    },
    close() {
      state.closed = true
      clearTimeout(state.timer)
      clearImmediate(state.planned)
      state.cluster.close()
    },
  }
}

/** Partitions of one topic side by side, in the order of the first of each, as a request lists them. */
function byTopic(slots: readonly Slot[]): readonly Slot[] {
  return [...Map.groupBy(slots, ({ topic }) => topic).values()].flat()
}
