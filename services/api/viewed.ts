/** Pages of the responder's memory as answers. */
import { LIMITS } from '../../schemas/limits.ts'
import type { ViewAnswer, ViewPage } from '../lib/quarantine-view.ts'
import type { Page } from './cursor.ts'
import { Answer } from './errors.ts'

/** The page that a view gives. Throws Answer where it does not take the cursor. */
export async function viewed<T>(
  view: (tenant: string, page: ViewPage) => Promise<ViewAnswer<T>>,
  tenant: string,
  query: { readonly limit?: number; readonly cursor?: string },
): Promise<Page<T>> {
  const answer = await view(tenant, { limit: query.limit ?? LIMITS.list_items_default, cursor: query.cursor ?? null })
  if (!answer.ok) throw new Answer(400, 'bad_cursor', answer.reason)
  return { items: answer.items, next_cursor: answer.next_cursor }
}
