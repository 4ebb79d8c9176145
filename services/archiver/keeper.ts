/**
 * Keeps the warehouse whole. It compares what the warehouse reports with what was stored and is still in the log: at the
 * start, whenever it comes back, and periodically. If it was dropped, emptied, replaced or restored from an older copy,
 * reading restarts at its actual position, or at the oldest record that is left.
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
  /** Records what is stored. False: not yet, because the warehouse has not been checked. Throws WarehouseError. */
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

/** Whether the warehouse holds less than was reported as written, as far as the log still holds it. */
const isBehind = (archived: Archived, written: readonly Mark[], places: readonly LogPlace[]): boolean =>
  written.some(({ topic, partition, next }) => {
    const start = places.find((place) => place.topic === topic && place.partition === partition)?.start ?? 0
    return Math.max(archived.marks.get(placeOf(topic, partition))?.next ?? 0, start) < next
  })

/** What is known of the warehouse. */
interface Keeping {
  readonly deps: KeeperTools
  known: Archived | undefined
  behindBefore: boolean
  asked: boolean
  /** A table that only holds what it may forget is empty for good: each is filled again once. */
  readonly filledAgain: Set<ArchivedTable>
}

async function begin(keeping: Keeping, generation: number, wholeSince: number, marks: readonly Mark[]): Promise<void> {
  const { warehouse } = keeping.deps
  await beginGeneration(warehouse, generation, wholeSince)
  if (marks.length > 0) await writeMarks(warehouse, generation, marks)
  const byPlace = new Map(marks.map((mark) => [placeOf(mark.topic, mark.partition), mark]))
  keeping.known = { generation, highest: generation, marks: byPlace, wholeSince, empty: new Set() }
}

/** Fills the warehouse again. */
async function renew(keeping: Keeping, found: Archived, places: readonly LogPlace[], why: string): Promise<'again'> {
  const { log, logger } = keeping.deps
  const isAsked = keeping.asked
  const since = isAsked ? found.wholeSince : ((await oldestKept(log, places)) ?? found.wholeSince)
  await begin(keeping, Math.max(keeping.known?.generation ?? 0, found.highest) + 1, since, [])
  keeping.asked = false
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

/** What to do at the first answer of a warehouse that has no recorded progress. */
async function first(keeping: Keeping, found: Archived, places: readonly LogPlace[]): Promise<'whole' | 'again'> {
  const before = places.filter((place): place is LogPlace & { committed: number } => place.committed !== null)
  if (isUnmarked(found)) {
    // It was filled by a version that wrote this down in the log alone.
    const marks = before.map(({ topic, partition, committed }) => ({ topic, partition, next: committed, lastRow: 0 }))
    await begin(keeping, 1, 0, marks)
    return 'whole'
  }
  if (before.length > 0) return renew(keeping, found, places, 'the warehouse is empty')
  await begin(keeping, found.highest + 1, 0, [])
  return 'whole'
}

async function look(keeping: Keeping, written: readonly Mark[]): Promise<'whole' | 'again'> {
  const { log, warehouse, logger } = keeping.deps
  const places = await readPlaces(log)
  const found = await readArchived(warehouse)
  if (keeping.asked) return renew(keeping, found, places, 'it was asked to fill the warehouse again')
  if (keeping.known === undefined && found.generation === 0) return first(keeping, found, places)
  if (keeping.known !== undefined && found.generation < keeping.known.generation) {
    return renew(keeping, found, places, 'the warehouse was emptied or replaced')
  }
  const lost = emptied(found, places).filter((table) => !keeping.filledAgain.has(table))
  if (lost.length > 0) {
    for (const table of lost) keeping.filledAgain.add(table)
    return renew(keeping, found, places, `the warehouse has lost all rows of ${lost.join(' and ')}`)
  }
  const isNew = keeping.known === undefined || found.generation > keeping.known.generation
  // A replica may lack the newest marks, so it is only behind if the next look confirms it.
  const behind = isBehind(found, written, places)
  const again = behind && (isNew || keeping.behindBefore)
  keeping.behindBefore = behind && !again
  keeping.known = found
  if (again) logger.warn('the warehouse holds less than was stored: it is filled again from where it is')
  return again ? 'again' : 'whole'
}

async function write(keeping: Keeping, marks: readonly Mark[]): Promise<boolean> {
  if (keeping.known === undefined) return false
  if (marks.length === 0) return true
  const { generation } = keeping.known
  await writeMarks(keeping.deps.warehouse, generation, marks)
  const merged = new Map(keeping.known.marks)
  for (const mark of marks) merged.set(placeOf(mark.topic, mark.partition), mark)
  if (keeping.known.generation === generation) keeping.known = { ...keeping.known, marks: merged }
  return true
}

export function createKeeper(deps: KeeperTools): Keeper {
  const keeping: Keeping = {
    deps,
    known: undefined,
    behindBefore: false,
    asked: deps.fromOldest,
    filledAgain: new Set(),
  }

  return {
    look: (written) => look(keeping, written),
    mark(topic, partition) {
      if (keeping.known === undefined) return undefined
      return keeping.known.marks.get(placeOf(topic, partition)) ?? { topic, partition, next: 0, lastRow: 0 }
    },
    write: (marks) => write(keeping, marks),
  }
}
