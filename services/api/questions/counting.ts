/**
 * How things are counted. The log delivers at least once, so the same event may lie in several rows until the engine has merged
 * them: counting ids is exact, and costs a set of all of them. Where many are only summed up (facets, histograms,
 * edges, the number on *Now*) that is seconds of both cores, and rows are counted instead: what is not merged yet is a matter of the last minutes.
 * `/v1/events/count` counts ids, however many there are.
 */
import { API_LIMITS } from '../limits.ts'
import type { Condition, TenantReader } from '../query.ts'
import type { Subject } from '../search/fields.ts'

type Counted = Pick<Subject, 'name' | 'from' | 'final' | 'count'>

/** The expression that counts so many rows; `rowsMax`: see countOf. */
export const countBy = (
  { count }: Pick<Subject, 'count'>,
  rows: number,
  rowsMax: number = API_LIMITS.rows_counted_by_id_max,
): string => (rows > rowsMax ? 'count()' : count)

/** The expression that counts what a search finds; `rowsMax`: up to so many rows by their ids. Throws WarehouseError. */
export async function countOf(
  reader: TenantReader,
  subject: Counted,
  where: readonly Condition[],
  rowsMax: number = API_LIMITS.rows_counted_by_id_max,
): Promise<string> {
  const { name, from, final } = subject
  const [row] = await reader.rows<{ rows: string }>({
    name: `${name}_rows`,
    columns: ['count() AS rows'],
    from,
    final,
    where,
  })
  return countBy(subject, Number(row?.rows ?? 0), rowsMax)
}
