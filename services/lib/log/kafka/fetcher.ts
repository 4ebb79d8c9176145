/**
 * Fetches for all partitions of one consumer: one fetch to each broker is under way at a time, for every partition that
 * it leads and that has nothing left to hand out. So a consumer holds the current batch and one chunk read ahead for each
 * partition, and a partition in work delays no other. What goes wrong with a broker is tried again with fresh knowledge,
 * for ever; what is wrong with a partition (its offset is gone, a batch cannot be read) is told to who reads it.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Logger } from '../../logger.ts'
import { LogError, type LogRecord } from '../port.ts'
import type { Cluster } from './cluster.ts'
import { type Fetched, fetchFrom } from './fetch.ts'
import type { Offsets } from './offsets.ts'
import { readPage } from './read.ts'
import { errorOf } from './wire.ts'

export interface Taken {
  readonly records: readonly LogRecord[]
  /** Offset that the next record gets, as known when this was read. */
  readonly endOffset: number
}

/** One partition as the fetcher serves it. */
export interface Source {
  /** Up to so many records, if there are any; a record that is too large comes alone. Throws what went wrong. */
  take(recordsMax: number, bytesMax: number): Taken | undefined
  /** Goes on from this offset; what was read ahead is forgotten. */
  reset(offset: number): void
  setPaused(paused: boolean): void
  close(): void
}

export interface Fetcher {
  /** Calls `onChange` whenever `take` may have something, or throws. */
  open(topic: string, partition: number, options: { compacted: boolean; onChange(): void }): Source
  close(): void
}

interface Slot {
  readonly topic: string
  readonly partition: number
  readonly compacted: boolean
  readonly onChange: () => void
  /** Where the next fetch begins; -1 before the first reset. */
  offset: number
  /** Changes with every reset, so that the answer to an older fetch is dropped. */
  age: number
  chunk: readonly LogRecord[]
  /** Next record of the chunk. */
  at: number
  bytes: number
  end: number
  paused: boolean
  /** Somebody has asked in vain. */
  hungry: boolean
  /** In a fetch of its own next time: in a larger one nothing came, although something is there. */
  alone: boolean
  error: LogError | undefined
}

const sizeOf = ({ key, value }: LogRecord): number => (key?.length ?? 0) + (value?.length ?? 0)

export function createFetcher(options: {
  /** Of its own: a fetch that waits for something new holds its connection. */
  readonly cluster: Cluster
  readonly offsets: Offsets
  readonly logger: Logger
}): Fetcher {
  const { cluster, offsets, logger } = options
  const slots = new Set<Slot>()
  const busyNodes = new Set<number>()
  let aheadBytes = 0
  let planned: NodeJS.Immediate | undefined
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  let closed = false

  const isDrained = (slot: Slot): boolean => slot.at >= slot.chunk.length
  const isWanted = (slot: Slot): boolean => {
    if (slot.paused || slot.offset < 0 || slot.error !== undefined || !isDrained(slot)) return false
    return slot.hungry || aheadBytes < LIMITS.kafka_ahead_bytes_max
  }

  function fill(slot: Slot, records: readonly LogRecord[]): void {
    aheadBytes -= slot.bytes
    slot.chunk = records
    slot.at = 0
    slot.bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
    aheadBytes += slot.bytes
  }

  function stop(slot: Slot, error: LogError): void {
    slot.error = error
    slot.onChange()
  }

  /** The offset is gone, or the broker that said so is not the leader any more: its place in the log decides. */
  async function verify(slot: Slot): Promise<void> {
    const { age, offset } = slot
    try {
      await offsets.check(slot.topic, slot.partition, offset)
    } catch (error) {
      if (slot.age === age && error instanceof LogError && !error.retriable) stop(slot, error)
    }
  }

  /** Takes in what a fetch said about one partition; whether it needs fresh knowledge of the cluster. */
  async function takeIn(slot: Slot, fetched: Fetched, others: boolean): Promise<boolean> {
    const error = errorOf(fetched.errorCode)
    if (error?.type === 'OFFSET_OUT_OF_RANGE') await verify(slot)
    if (error !== undefined) return true
    try {
      // In a fetch for many, nothing can also mean that others have filled the answer.
      const nothing = fetched.recordSet.length === 0
      slot.alone = others && nothing && fetched.end > slot.offset
      if (slot.alone) return false
      const page = readPage(fetched, slot.offset, slot.compacted)
      slot.alone = page.next === slot.offset && fetched.end > slot.offset
      slot.end = fetched.end
      slot.offset = page.next
      if (page.records.length === 0) return false
      slot.hungry = false
      fill(slot, page.records)
      slot.onChange()
    } catch (cause) {
      stop(slot, cause instanceof LogError ? cause : new LogError('log_corrupt', (cause as Error).message, { cause }))
    }
    return false
  }

  function wantedOf(chosen: readonly Slot[]): Parameters<typeof fetchFrom>[1] {
    return chosen.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      offset,
      bytesMax: LIMITS.kafka_partition_fetch_bytes_max,
    }))
  }

  async function fetchNode(node: number, chosen: readonly Slot[], waitMs: number): Promise<void> {
    busyNodes.add(node)
    const ages = chosen.map(({ age }) => age)
    let isStale = false
    try {
      const wire = await cluster.node(node)
      const { errorCode, partitions } = await fetchFrom(wire, wantedOf(chosen), waitMs)
      const error = errorOf(errorCode)
      if (error !== undefined) throw error
      const answers = new Map(partitions.map((fetched) => [`${fetched.topic}/${fetched.partition}`, fetched]))
      for (const [i, slot] of chosen.entries()) {
        const fetched = answers.get(`${slot.topic}/${slot.partition}`)
        if (fetched === undefined || slot.age !== ages[i]) continue
        isStale = (await takeIn(slot, fetched, chosen.length > 1)) || isStale
      }
      // Who came first goes last next time, so that a busy partition does not crowd out the others.
      for (const slot of chosen) if (slots.delete(slot)) slots.add(slot)
      if (!isStale) failures = 0
    } catch (error) {
      isStale = true
      if (!closed) logger.debug({ node, why: (error as Error).message }, 'a fetch failed; trying again')
    }
    if (isStale && !closed) await breathe()
    busyNodes.delete(node)
    plan()
  }

  /** Waits, longer each time in a row, and asks who leads what. */
  async function breathe(): Promise<void> {
    const pauseMs = Math.min(LIMITS.kafka_retry_ms_min * 2 ** Math.min(failures++, 10), LIMITS.kafka_retry_ms_max)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    await cluster.refresh().catch((error: unknown) => {
      // Once for each time that the brokers go away: what follows is only more of the same.
      if (failures === 5) logger.warn({ why: (error as Error).message }, 'no broker can be reached; trying on')
    })
  }

  async function seekLeaders(): Promise<void> {
    await breathe()
    plan()
  }

  /** Starts a fetch at each broker that is free and leads something wanted. */
  function dispatch(): void {
    planned = undefined
    if (closed) return
    const byNode = new Map<number | undefined, { wanted: Slot[]; inWork: boolean }>()
    for (const slot of slots) {
      const node = cluster.leader(slot.topic, slot.partition)
      let group = byNode.get(node)
      if (group === undefined) byNode.set(node, (group = { wanted: [], inWork: false }))
      if (isWanted(slot)) group.wanted.push(slot)
      else if (!slot.paused && slot.error === undefined) group.inWork = true
    }
    for (const [node, { wanted, inWork }] of byNode) {
      if (wanted.length === 0) continue
      if (node === undefined) {
        clearTimeout(timer)
        timer = setTimeout(() => void seekLeaders(), LIMITS.kafka_retry_ms_min)
      } else if (!busyNodes.has(node)) {
        const alone = wanted.find((slot) => slot.alone)
        const waitMs = inWork || alone !== undefined ? LIMITS.kafka_fetch_wait_ms_busy : LIMITS.kafka_fetch_wait_ms
        void fetchNode(node, alone === undefined ? byTopic(wanted) : [alone], waitMs)
      }
    }
  }

  /** One turn later, when readers have taken what has just come. */
  function plan(): void {
    if (!closed) planned ??= setImmediate(dispatch)
  }

  function take(slot: Slot, recordsMax: number, bytesMax: number): Taken | undefined {
    if (slot.error !== undefined) throw slot.error
    if (slot.paused) return undefined
    if (isDrained(slot)) {
      slot.hungry = true
      plan()
      return undefined
    }
    const from = slot.at
    let bytes = 0
    while (!isDrained(slot) && slot.at - from < recordsMax) {
      bytes += sizeOf(slot.chunk[slot.at]!)
      if (slot.at > from && bytes > bytesMax) break
      slot.at++
    }
    const records = slot.chunk.slice(from, slot.at)
    if (isDrained(slot)) {
      fill(slot, [])
      plan()
    }
    return { records, endOffset: slot.end }
  }

  return {
    open(topic, partition, { compacted, onChange }) {
      const slot: Slot = {
        topic,
        partition,
        compacted,
        onChange,
        offset: -1,
        age: 0,
        chunk: [],
        at: 0,
        bytes: 0,
        end: 0,
        paused: false,
        hungry: false,
        alone: false,
        error: undefined,
      }
      slots.add(slot)
      return {
        take: (recordsMax, bytesMax) => take(slot, recordsMax, bytesMax),
        reset(offset) {
          fill(slot, [])
          Object.assign(slot, { offset, age: slot.age + 1, error: undefined, alone: false })
          plan()
        },
        setPaused(paused) {
          slot.paused = paused
          plan()
        },
        close() {
          fill(slot, [])
          slot.age++
          slots.delete(slot)
        },
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
      clearImmediate(planned)
      cluster.close()
    },
  }
}

/** Partitions of one topic side by side, in the order of the first of each, as a request lists them. */
function byTopic(slots: readonly Slot[]): readonly Slot[] {
  return [...Map.groupBy(slots, ({ topic }) => topic).values()].flat()
}
