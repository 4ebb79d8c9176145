/**
 * Cursors: where a list goes on. A cursor holds the place of the last item and a seal over the tenant, the list and its
 * filters, so that one of another tenant or another question is refused instead of answering something odd. It grants
 * nothing: whoever forges one reads their own tenant from another place.
 */
import { H } from '../../schemas/ids.ts'
import { isId } from './query.ts'

/** What a cursor is good for. */
export interface CursorScope {
  readonly tenant: string
  /** Name of the list. */
  readonly list: string
  /** The filters, as the caller gave them. */
  readonly filters: Readonly<Record<string, unknown>>
}

export type Place = readonly (string | number)[]

export class CursorError extends Error {
  override readonly name = 'CursorError'
}

function sealOf({ tenant, list, filters }: CursorScope, place: Place): string {
  const sorted = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return H('cursor', tenant, list, JSON.stringify(sorted), JSON.stringify(place)).slice(0, 16)
}

export const encodeCursor = (scope: CursorScope, place: Place): string =>
  Buffer.from(JSON.stringify([sealOf(scope, place), ...place])).toString('base64url')

/** The place of a cursor, with values of the given types. Throws CursorError where the cursor is not of this scope. */
export function decodeCursor(scope: CursorScope, cursor: string, types: readonly ('string' | 'number')[]): Place {
  let decoded: unknown
  try {
    decoded = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    decoded = undefined
  }
  const [seal, ...place] = Array.isArray(decoded) ? (decoded as unknown[]) : []
  const typed = place.length === types.length && types.every((type, index) => typeof place[index] === type)
  if (!typed || seal !== sealOf(scope, place as Place)) {
    throw new CursorError('this cursor is not one of this list with these filters: ask again without a cursor')
  }
  return place as Place
}

/** Cursors of lists that are ordered by (time, id), newest first. */
export function timePlace(scope: CursorScope, cursor: string | undefined): { time: number; id: string } | undefined {
  if (cursor === undefined) return undefined
  const [time, id] = decodeCursor(scope, cursor, ['number', 'string']) as [number, string]
  if (!Number.isSafeInteger(time) || !isId(id))
    throw new CursorError('this cursor was changed: ask again without a cursor')
  return { time, id }
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next_cursor: string | null
}
