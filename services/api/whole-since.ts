/**
 * Lists out of a warehouse that has lost rows which the log no longer holds say since when they are whole: an empty page is
 * an all-clear only for the time after that. Lists that ask no warehouse have lost nothing.
 */
import type { TenantDoor, WarehouseStatus } from './query.ts'

/** The same door, and whether anything was asked through it. */
export function watched(door: TenantDoor): { readonly door: TenantDoor; wasAsked(): boolean } {
  let asked = false
  return {
    door: {
      tenant: door.tenant,
      rows(select) {
        asked = true
        return door.rows(select)
      },
    },
    wasAsked: () => asked,
  }
}

/** The answer, with `whole_since` if it is a page and rows of before are lost. */
export function withWholeSince(answer: unknown, { wholeSince }: WarehouseStatus): unknown {
  const isPage = typeof answer === 'object' && answer !== null && 'items' in answer && Array.isArray(answer.items)
  return isPage && wholeSince !== undefined ? { ...answer, whole_since: new Date(wholeSince).toISOString() } : answer
}
