/**
 * The warehouse for answers to people. It answers only while it holds what an archiver has stored from the log, so a
 * warehouse that was dropped or replaced is no all-clear. What is merely late (the archiver is behind) is no gap.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log/port.ts'
import type { Metrics } from '../metrics.ts'
import { type Archived, isUnmarked, type LogPlace, placeOf, readArchived, readPlaces } from './archived.ts'
import { type Warehouse, WarehouseError } from './port.ts'

export interface WholeTools {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
}

interface Missing {
  /** Records of the log that were stored once. */
  readonly all: number
  readonly missing: number
}

/** What was stored once and is absent now, as far as the log still holds it. */
function missingOf(archived: Archived, places: readonly LogPlace[]): Missing {
  if (isUnmarked(archived)) return { all: 0, missing: 0 }
  let all = 0
  let missing = 0
  for (const { topic, partition, start, committed } of places) {
    if (committed === null || committed <= start) continue
    const next = archived.marks.get(placeOf(topic, partition))?.next ?? 0
    all += committed - start
    missing += Math.max(0, committed - Math.max(next, start))
  }
  return { all, missing }
}

/**
 * A view of the warehouse that refuses questions with `incomplete` while it lacks what it held once. Its status says so.
 */
export function wholeOnly(warehouse: Warehouse, { log, clock, metrics }: WholeTools): Warehouse {
  let gap: WarehouseError | undefined
  let since: number | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let before: readonly LogPlace[] | undefined
  /** The opening of the warehouse that the last look was at. */
  let opening = 0
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const at = warehouse.openings()
    // The log first: whatever is committed by then is marked in the warehouse already.
    const places = await readPlaces(log)
    const archived = await readArchived(warehouse)
    // A replica may lag behind the newest marks: what was committed at the previous look counts.
    const { all, missing } = missingOf(archived, before ?? places)
    before = places
    opening = at
    lookedAt = clock.now()
    since = archived.wholeSince === 0 ? undefined : archived.wholeSince
    metrics.warehouseMissing.set(missing)
    const done = Math.floor((100 * (all - missing)) / Math.max(1, all))
    gap =
      missing === 0
        ? undefined
        : new WarehouseError(
            'incomplete',
            `the warehouse was emptied or replaced and is being filled again from the log (${done} % done): ` +
              'an answer would lack what happened. Detection goes on. Try again soon',
          )
  }
  async function makeSure(): Promise<void> {
    const isNew = warehouse.openings() !== opening
    const ageMs = isNew ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - lookedAt)
    if (ageMs > LIMITS.whole_look_every_ms) {
      looking ??= look().finally(() => {
        looking = undefined
      })
      // While the last look is recent, answers do not wait for a new one. Those that wait receive its error.
      if (ageMs > LIMITS.whole_look_age_ms_max || gap !== undefined) await looking
      else looking.catch(() => undefined)
    }
    // The look that was waited for may have been at the warehouse before this one.
    if (warehouse.openings() !== opening) return makeSure()
    if (gap !== undefined) throw gap
  }

  return {
    ...warehouse,
    async ask(question) {
      await makeSure()
      return warehouse.ask(question)
    },
    status() {
      const own = warehouse.status()
      if (gap !== undefined && own.state === 'up') return { state: 'down', reason: gap.message }
      return since === undefined ? own : { ...own, wholeSince: since }
    },
  }
}
