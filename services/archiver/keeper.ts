/**
 * Keeps the warehouse whole: compares what it says of itself with what was stored and the log still holds, at the start,
 * whenever it comes back, and now and then. Where it was dropped, emptied, replaced or restored from an older copy, reading
 * begins again where it really is, or from the oldest record that is left.
 */
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import {
  type Archived,
  beginGeneration,
  isUnmarked,
  type LogPlace,
  type Mark,
  oldestKept,
  placeOf,
  readArchived,
  readPlaces,
  writeMarks,
} from '../lib/warehouse/archived.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'
import { type ArchivedTable, type ArchivedTopic, TABLE_OF_TOPIC } from '../lib/warehouse/tables.ts'

export interface KeeperTools {
  readonly log: Log
  readonly warehouse: Warehouse
  readonly logger: Logger
  /** Fill the warehouse again from the oldest record of the log, whatever it holds. */
  readonly fromOldest: boolean
}

export interface Keeper {
  /**
   * Compares. `again`: what this archiver reads and stores has a gap before it, and reading must begin again.
   * Throws WarehouseError and LogError.
   */
  look(written: readonly Mark[]): Promise<'whole' | 'again'>
  /** How far a partition is stored, as the warehouse said last; undefined before it was asked. */
  mark(topic: ArchivedTopic, partition: number): Mark | undefined
  /** Writes down what is stored. False: not yet, because the warehouse was not asked before. Throws WarehouseError. */
  write(marks: readonly Mark[]): Promise<boolean>
}

/** Tables that are empty although the log still holds records whose rows were stored. */
function emptied({ empty, marks }: Archived, places: readonly LogPlace[]): ArchivedTable[] {
  const lost = places.filter(({ topic, partition, start }) => {
    const mark = marks.get(placeOf(topic, partition))
    return empty.has(TABLE_OF_TOPIC[topic]) && mark !== undefined && mark.lastRow > start
  })
  return [...new Set(lost.map(({ topic }) => TABLE_OF_TOPIC[topic]))]
}

/** Whether the warehouse holds less than what is said to be written, as far as the log still holds it. */
const isBehind = (archived: Archived, written: readonly Mark[], places: readonly LogPlace[]): boolean =>
  written.some(({ topic, partition, next }) => {
    const start = places.find((place) => place.topic === topic && place.partition === partition)?.start ?? 0
    return Math.max(archived.marks.get(placeOf(topic, partition))?.next ?? 0, start) < next
  })

export function createKeeper({ log, warehouse, logger, fromOldest }: KeeperTools): Keeper {
  let known: Archived | undefined
  let behindBefore = false
  let asked = fromOldest
  /** A table that only holds what it may forget is empty for good: each is filled again once. */
  const filledAgain = new Set<ArchivedTable>()

  async function begin(generation: number, wholeSince: number, marks: readonly Mark[]): Promise<void> {
    await beginGeneration(warehouse, generation, wholeSince)
    if (marks.length > 0) await writeMarks(warehouse, generation, marks)
    const byPlace = new Map(marks.map((mark) => [placeOf(mark.topic, mark.partition), mark]))
    known = { generation, highest: generation, marks: byPlace, wholeSince, empty: new Set() }
  }
  /** Fills the warehouse again. */
  async function renew(found: Archived, places: readonly LogPlace[], why: string): Promise<'again'> {
    const isAsked = asked
    const since = isAsked ? found.wholeSince : ((await oldestKept(log, places)) ?? found.wholeSince)
    await begin(Math.max(known?.generation ?? 0, found.highest) + 1, since, [])
    asked = false
    if (isAsked || since === 0) logger.warn(`${why}: it is filled again from the log`)
    else {
      const from = new Date(since).toISOString()
      logger.error(
        { whole_since: from },
        `${why}: it is filled again from the log; what was received before is lost to lists`,
      )
    }
    return 'again'
  }

  /** What is to be done at the first answer of a warehouse that never said how far it is. */
  async function first(found: Archived, places: readonly LogPlace[]): Promise<'whole' | 'again'> {
    const before = places.filter((place): place is LogPlace & { committed: number } => place.committed !== null)
    if (isUnmarked(found)) {
      // It was filled by a version that wrote this down in the log alone.
      const marks = before.map(({ topic, partition, committed }) => ({ topic, partition, next: committed, lastRow: 0 }))
      await begin(1, 0, marks)
      return 'whole'
    }
    if (before.length > 0) return renew(found, places, 'the warehouse is empty')
    await begin(found.highest + 1, 0, [])
    return 'whole'
  }

  return {
    async look(written) {
      const places = await readPlaces(log)
      const found = await readArchived(warehouse)
      if (asked) return renew(found, places, 'it was asked to fill the warehouse again')
      if (known === undefined && found.generation === 0) return first(found, places)
      if (known !== undefined && found.generation < known.generation) {
        return renew(found, places, 'the warehouse was emptied or replaced')
      }
      const lost = emptied(found, places).filter((table) => !filledAgain.has(table))
      if (lost.length > 0) {
        for (const table of lost) filledAgain.add(table)
        return renew(found, places, `the warehouse has lost all rows of ${lost.join(' and ')}`)
      }
      const isNew = known === undefined || found.generation > known.generation
      // A replica may not have heard of the newest marks yet: it is behind where it still is at the next look.
      const behind = isBehind(found, written, places)
      const again = behind && (isNew || behindBefore)
      behindBefore = behind && !again
      known = found
      if (again) logger.warn('the warehouse holds less than was stored: it is filled again from where it is')
      return again ? 'again' : 'whole'
    },
    mark(topic, partition) {
      if (known === undefined) return undefined
      return known.marks.get(placeOf(topic, partition)) ?? { topic, partition, next: 0, lastRow: 0 }
    },
    async write(marks) {
      if (known === undefined) return false
      if (marks.length === 0) return true
      const { generation } = known
      await writeMarks(warehouse, generation, marks)
      const merged = new Map(known.marks)
      for (const mark of marks) merged.set(placeOf(mark.topic, mark.partition), mark)
      if (known.generation === generation) known = { ...known, marks: merged }
      return true
    },
  }
}
