/**
 * What the main side knows of topics and partitions: their slots and bounds, kept current by what the writer answers, so
 * that knowing whether a partition has something new costs no query. Also whom to wake when it has.
 */
import { LogError } from '../port.ts'
import type { OpenState, TopicRow } from './protocol.ts'

export interface Catalog {
  readonly topics: Map<string, TopicRow>
  /** Topic by name; an unknown one is a bug of the caller. */
  topic(name: string): TopicRow
  /** Slot of a partition; an unknown one is a bug of the caller. */
  slot(topic: string, partition: number): number
  /** What a read has to know of a slot: its name for people, and whether its offsets have no gaps. */
  readable(slot: number): { readonly place: string; readonly dense: boolean }
  start(slot: number): number
  end(slot: number): number
  addTopic(row: TopicRow): void
  /** Records below `end` are durable. */
  appended(slot: number, end: number): void
  trimmed(slot: number, start: number): void
  /** Calls `wake` whenever a bound of the partition moves; the result ends that. */
  watch(slot: number, wake: () => void): () => void
  /** Throws offset_out_of_range if reading cannot continue from this offset. */
  checkOffset(topic: string, partition: number, offset: number): void
}

export function createCatalog(state: OpenState): Catalog {
  const topics = new Map(state.topics.map((row) => [row.name, row]))
  const readables: { place: string; dense: boolean }[] = []
  const note = ({ name, base, partitions, cleanup }: TopicRow): void => {
    for (let partition = 0; partition < partitions; partition++) {
      readables[base + partition] = { place: `${name}/${partition}`, dense: cleanup === 'delete' }
    }
  }
  for (const row of state.topics) note(row)
  const starts = [...state.starts]
  const ends = [...state.ends]
  const watchers: (Set<() => void> | undefined)[] = []
  const wakeAll = (slot: number): void => {
    for (const wake of watchers[slot] ?? []) wake()
  }
  const topic = (name: string): TopicRow => {
    const row = topics.get(name)
    if (row === undefined) throw new Error(`topic ${name} does not exist: call ensureTopics first`)
    return row
  }
  const slotOf = (name: string, partition: number): number => {
    const { base, partitions } = topic(name)
    if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return base + partition
    throw new Error(`topic ${name} has partitions 0 to ${partitions - 1}, not ${partition}`)
  }
  return {
    topics,
    topic,
    slot: slotOf,
    readable: (slot) => readables[slot]!,
    start: (slot) => starts[slot]!,
    end: (slot) => ends[slot]!,
    addTopic(row) {
      topics.set(row.name, row)
      note(row)
      for (let slot = row.base; slot < row.base + row.partitions; slot++) {
        starts[slot] ??= 0
        ends[slot] ??= 0
      }
    },
    appended(slot, end) {
      ends[slot] = Math.max(ends[slot]!, end)
      wakeAll(slot)
    },
    trimmed(slot, start) {
      starts[slot] = Math.max(starts[slot]!, start)
      wakeAll(slot)
    },
    watch(slot, wake) {
      const set = (watchers[slot] ??= new Set())
      set.add(wake)
      return () => set.delete(wake)
    },
    checkOffset(name, partition, offset) {
      const slot = slotOf(name, partition)
      if (Number.isInteger(offset) && offset >= starts[slot]! && offset <= ends[slot]!) return
      const bounds = `holds ${starts[slot]} up to, not including, ${ends[slot]}`
      throw new LogError(
        'offset_out_of_range',
        `offset ${offset} of ${name}/${partition} is not there: the log ${bounds}`,
      )
    },
  }
}
