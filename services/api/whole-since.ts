/**
 * Lists out of a warehouse that has lost rows which the log no longer holds say since when they are whole: an empty page is
 * an all-clear only for the time after that. Lists that ask no warehouse have lost nothing.
 */
import type { TenantReader, WarehouseStatus } from './query.ts'

/** The same reader, and whether anything was asked through it. */
export function watched(reader: TenantReader): { readonly reader: TenantReader; wasAsked(): boolean } {
  let asked = false
  return {
    reader: {
      tenant: reader.tenant,
      rows(select) {
        asked = true
        return reader.rows(select)
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
