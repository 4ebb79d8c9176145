/**
 * Cursors: where a list continues. A cursor holds the position of the last item and a seal over the tenant, the list and its
 * filters, so that a cursor of another tenant or query is refused instead of giving odd results. It grants nothing: a forged
 * cursor only reads the forger's own tenant from another position.
 */
import { H } from '../../schemas/ids.ts'
import { isId } from '../../schemas/id-text.ts'

/** What a cursor is good for. */
export interface CursorScope {
  readonly tenant: string
  /** Name of the list. */
  readonly list: string
  /** The filters, as the caller gave them. */
  readonly filters: Readonly<Record<string, unknown>>
}

/** Values of the columns that a list is ordered by, of the last item that was given. */
export type SortKey = readonly (string | number)[]

export class CursorError extends Error {
  override readonly name = 'CursorError'
}

function sealOf({ tenant, list, filters }: CursorScope, sortKey: SortKey): string {
  const sorted = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return H('cursor', tenant, list, JSON.stringify(sorted), JSON.stringify(sortKey)).slice(0, 16)
}

export const encodeCursor = (scope: CursorScope, sortKey: SortKey): string =>
  Buffer.from(JSON.stringify([sealOf(scope, sortKey), ...sortKey])).toString('base64url')

/** The sort key of a cursor, with values of the given types. Throws CursorError where the cursor is not of this scope. */
export function decodeCursor(scope: CursorScope, cursor: string, types: readonly ('string' | 'number')[]): SortKey {
  let decoded: unknown
  try {
    decoded = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    decoded = undefined
  }
  const [seal, ...sortKey] = Array.isArray(decoded) ? (decoded as unknown[]) : []
  const typed = sortKey.length === types.length && types.every((type, index) => typeof sortKey[index] === type)
  if (!typed || seal !== sealOf(scope, sortKey as SortKey)) {
    throw new CursorError('this cursor is not one of this list with these filters: ask again without a cursor')
  }
  return sortKey as SortKey
}

/** Cursors of lists that are ordered by (time, id), newest first. */
export function timeSortKey(scope: CursorScope, cursor: string | undefined): { time: number; id: string } | undefined {
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
