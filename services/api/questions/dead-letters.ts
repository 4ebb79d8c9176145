/** The list of what could not be processed, newest first. */
import { DEAD_LETTER_COLUMNS, type DeadLetter } from '../../../schemas/dead-letter.ts'
import { encodeCursor, type Page, timeSortKey } from '../cursor.ts'
import { before, equal, type TenantReader, within } from '../query.ts'
import { isoOf } from './events.ts'

export interface DeadLetterFilters {
  readonly service?: string
  readonly reason?: string
  readonly since?: number
  readonly until?: number
}

export type DeadLetterRecord = Omit<DeadLetter, 'time'> & { readonly time: string }

type Row = DeadLetterRecord & { ms?: string }

function letterOf(row: Row): DeadLetterRecord {
  delete row.ms
  return Object.assign(row, { time: isoOf(row.time) })
}

const COLUMNS = DEAD_LETTER_COLUMNS.map(({ name }) => `\`${name}\``)

export async function deadLetterById(reader: TenantReader, id: string): Promise<DeadLetterRecord | undefined> {
  const rows = await reader.rows<Row>({
    name: 'dead_letter',
    columns: COLUMNS,
    from: 'dead_letters',
    final: true,
    where: equal('id', id),
    orderBy: 'time DESC',
    limit: 1,
  })
  return rows.map(letterOf)[0]
}

/** Throws CursorError. */
export async function listDeadLetters(
  reader: TenantReader,
  filters: DeadLetterFilters,
  page: { limit: number; cursor: string | undefined },
): Promise<Page<DeadLetterRecord>> {
  const scope = { tenant: reader.tenant, list: 'dead-letters', filters: { ...filters } }
  const rows = await reader.rows<Row>({
    name: 'dead_letters',
    columns: [...COLUMNS, 'toUnixTimestamp64Milli(time) AS ms'],
    from: 'dead_letters',
    final: true,
    where: [
      ...equal('service', filters.service),
      ...equal('reason', filters.reason),
      ...within(filters.since, filters.until),
      ...before('id', timeSortKey(scope, page.cursor)),
    ],
    orderBy: 'time DESC, id DESC',
    limit: page.limit + 1,
  })
  const shown = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? shown.at(-1) : undefined
  const next = last === undefined ? null : encodeCursor(scope, [Number(last.ms), last.id])
  return {
    items: shown.map(letterOf),
    next_cursor: next,
  }
}
