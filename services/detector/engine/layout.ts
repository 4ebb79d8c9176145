/**
 * Lays the declared fields of detectors out as the columns of one table, and binds their handles to its cursor. A
 * column's name in a snapshot is `detector@version/field/column`: state of one version is never read as another's.
 */
import type { Fields, Handles } from '../../../detectors/lib/columns.ts'
import type { ColumnSlice } from './kept-back.ts'
import { type NamedColumn, Table } from './table.ts'

/** How a snapshot names what belongs to a version of a detector. */
export const ownerName = (detector: { readonly id: string; readonly version: number }): string =>
  `${detector.id}@${detector.version}`

interface Planned {
  readonly fields: Fields
  readonly first: number
}

export class Layout {
  readonly #columns: NamedColumn[]
  readonly #planned = new Map<string, Planned>()

  /** `base` are the engine's own columns, which follow the key at index 1. */
  constructor(base: readonly NamedColumn[]) {
    this.#columns = [...base]
  }

  add(owner: string, fields: Fields): void {
    this.#planned.set(owner, { fields, first: this.#columns.length })
    for (const [field, spec] of Object.entries(fields)) {
      for (const [column, columnSpec] of Object.entries(spec.columns)) {
        this.#columns.push({ ...columnSpec, name: `${owner}/${field}/${column}` })
      }
    }
  }

  /** The columns of the owner's `learned` fields. */
  learnedOf(owner: string): ColumnSlice[] {
    const planned = this.#planned.get(owner)
    const slices: ColumnSlice[] = []
    let column = (planned?.first ?? 0) + 1
    for (const { columns, isLearned } of Object.values(planned?.fields ?? {})) {
      for (const { length } of Object.values(columns)) {
        if (isLearned === true) slices.push({ column, length })
        column++
      }
    }
    return slices
  }

  /** One more column of the engine's for this owner; answers its index in the table. */
  addColumn(column: NamedColumn): number {
    this.#columns.push(column)
    return this.#columns.length
  }

  /** `words`: how many the key has. */
  table(words: 2 | 4): Table {
    return new Table(this.#columns, words)
  }

  /** The handles of what `add` planned for this owner; they read at the table's cursor. */
  bind(table: Table, owner: string): Handles<Fields> {
    const planned = this.#planned.get(owner)
    if (planned === undefined) throw new Error(`no fields planned for ${owner}`)
    const handles = new Map<string, unknown>()
    // The table puts its key before all columns.
    let first = planned.first + 1
    for (const [field, spec] of Object.entries(planned.fields)) {
      handles.set(field, spec.bind(table.cursor, first))
      first += Object.keys(spec.columns).length
    }
    return Object.fromEntries(handles)
  }
}
