/**
 * What a trial of `prove` varies, all of it decided by one seed: how events are framed and spread, in which order those of
 * different identities come, which come twice, where workers stop or die, and which time zone the machine has.
 */
import { counted } from '../../../schemas/counted.ts'
import { EventView, type EventRow } from '../../../schemas/event.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { PartitionKey } from '../../../schemas/partitioning.ts'
import { eventKey } from '../../../schemas/topics.ts'
import type { Fault } from '../../detector/index.ts'

export interface Plan {
  readonly seed: number
  readonly partitions: number
  /** Of a log: null as of one that is older than keys. */
  readonly partitionKey: PartitionKey
  readonly frameEventsMax: number
  /** Share of events that come twice. */
  readonly repeats: number
  /** Events of different identities may swap if they are at most this far apart in event time. */
  readonly jitterMs: number
  /** Share of records after which something fails. */
  readonly faults: number
  readonly timeZone: string
}

/** A run in which nothing happens: the measure of all others. */
export const CALM: Plan = {
  seed: 0,
  partitions: 1,
  partitionKey: null,
  frameEventsMax: LIMITS.frame_events_max,
  repeats: 0,
  jitterMs: 0,
  faults: 0,
  timeZone: 'UTC',
}

const TIME_ZONES = ['UTC', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Chatham', 'America/Los_Angeles', 'Asia/Tokyo']
const PARTITIONS = [1, 8, 64]
/** So many restarts and crashes a trial has, more or less. */
const FAULTS_WANTED = 40
/** A repeat comes at most this many events behind its original: well within what a partition remembers. */
const REPEAT_DISTANCE_MAX = 5_000

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function createChance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** One trial in four is of a log without a key. */
const partitionKeyOf = (seed: number): PartitionKey =>
  seed % 4 === 3 ? null : [seed >>> 0, 0x243f6a88, 0x85a308d3, 0x13198a2e]

export function planOf(seed: number, events: number): Plan {
  const chance = createChance(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T
  // The three counts of partitions take turns, so that few seeds try all of them.
  const partitions = PARTITIONS[seed % PARTITIONS.length] as number
  // Mostly frames of any size; now and then such as a single slow agent makes.
  const any = 1 + Math.floor(chance() * LIMITS.frame_events_max)
  const frameEventsMax = pick([1 + Math.floor(chance() * 10), any, any])
  const records = Math.max(1, events / Math.min(frameEventsMax, events / partitions))
  return {
    seed,
    partitions,
    partitionKey: partitionKeyOf(seed),
    frameEventsMax,
    repeats: chance() * 0.1,
    jitterMs: chance() * LIMITS.candidate_delay_ms,
    faults: Math.min(0.5, FAULTS_WANTED / records),
    timeZone: pick(TIME_ZONES),
  }
}

/**
 * Rows in another order: each moves by a random time up to the jitter, and those of one identity never pass each other.
 * If the file is not in order of event time, its own order counts as time.
 */
export function interleave(rows: readonly EventRow[], jitterMs: number, chance: () => number): EventRow[] {
  if (jitterMs === 0) return [...rows]
  const view = new EventView()
  const lastOf = new Map<string, number>()
  let now = 0
  const placed = rows.map((row, index) => {
    view.row = row
    if (view.time > now) now = view.time
    const identity = eventKey(view.tenant, view.identity)
    const at = Math.max(lastOf.get(identity) ?? 0, now + chance() * jitterMs)
    lastOf.set(identity, at)
    return { row, at, index }
  })
  return placed.sort((a, b) => a.at - b.at || a.index - b.index).map(({ row }) => row)
}

/** Some rows come a second time, somewhere behind their first. */
export function repeatSome(rows: readonly EventRow[], share: number, chance: () => number): EventRow[] {
  if (share === 0) return [...rows]
  const later = new Map<number, EventRow[]>()
  rows.forEach((row, i) => {
    if (chance() >= share) return
    const at = Math.min(rows.length - 1, i + Math.floor(chance() * REPEAT_DISTANCE_MAX))
    later.set(at, [...(later.get(at) ?? []), row])
  })
  return rows.flatMap((row, i) => [row, ...(later.get(i) ?? [])])
}

/** What goes wrong after a record. */
export function faultsOf(plan: Plan, chance: () => number): (() => Fault) | undefined {
  if (plan.faults === 0) return undefined
  return () => {
    if (chance() >= plan.faults) return 'none'
    const kind = chance()
    if (kind < 0.3) return 'save'
    return kind < 0.65 ? 'restart' : 'crash'
  }
}

export function describePlan(plan: Plan): string {
  const { seed, partitions, frameEventsMax, repeats, jitterMs, timeZone } = plan
  return `seed ${seed}: ${counted(partitions, 'partition')}, frames of ${frameEventsMax}, ${(repeats * 100).toFixed(1)} % repeats, ${Math.round(jitterMs)} ms jitter, ${timeZone}`
}
