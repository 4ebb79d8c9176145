/**
 * Lays out the state of one kind of key: one table whose rows hold the fields of every habit and detector, and one pool
 * for all windows of one length.
 */
import type { Fields, Handles, WindowSpec } from '../../../detectors/lib/columns.ts'
import type { Words } from '../../../schemas/keyed-hash.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { KeptBack } from './kept-back.ts'
import { KeyTable } from './key-table.ts'
import { PLAIN_KEY } from './keys.ts'
import { Layout } from './layout.ts'
import type { NamedPool } from './snapshot.ts'
import { WindowPool } from './windows.ts'

/** A habit, or a detector's half, with what it keeps. */
export interface Member {
  /** `id@version`: how snapshots name its columns. */
  readonly owner: string
  readonly state: Fields
  readonly window?: WindowSpec<Fields> | undefined
}

export interface Laid {
  readonly keys: KeyTable
  readonly pools: readonly NamedPool[]
  stateOf(owner: string): Handles<Fields>
  /** What of it a judged event must leave as it was. */
  keptBackOf(owner: string): KeptBack
  /** The pool of a member's windows; undefined if it has none. */
  poolOf(owner: string): WindowPool | undefined
}

/**
 * `kind` names the table in snapshots; `perKeyMax` is how many windows of one length a key holds at a time; `rowKey` keys the
 * hash of its rows until a snapshot brings its own.
 */
export function lay(
  kind: string,
  members: readonly Member[],
  rowsMax: number,
  perKeyMax: number,
  rowKey: Words = PLAIN_KEY,
): Laid {
  const layout = new Layout(kind === 'session' ? KeyTable.idle : KeyTable.base)
  for (const { owner, state } of members) layout.add(owner, state)
  const windowed = members.filter((member) => member.window !== undefined)
  const byLength = Map.groupBy(windowed, (member) => member.window?.lengthMs as number)
  const lengths = [...byLength.keys()].toSorted((a, b) => a - b)
  const heads = lengths.map((lengthMs) => {
    const name = `engine/windows-${lengthMs}`
    return { name, column: layout.addColumn({ name, type: 'u32', length: 1 }) }
  })
  const keys = new KeyTable(layout.table(4), rowsMax, rowKey)
  const pools = lengths.map((lengthMs, i): NamedPool => {
    const { name, column } = heads[i] as (typeof heads)[number]
    const mine = byLength.get(lengthMs) ?? []
    const pool = new WindowPool({
      owners: keys.table,
      head: column,
      members: mine.map((member) => ({ name: member.owner, state: member.window?.state ?? {} })),
      lengthMs,
      perKeyMax,
      slotsMax: LIMITS.open_windows_per_partition_max,
    })
    return { prefix: `window/${kind}/${lengthMs}`, head: name, pool }
  })
  keys.onRemove = (row) => {
    for (const { pool } of pools) pool.release(row)
  }
  const lengthOf = new Map(windowed.map((member) => [member.owner, member.window?.lengthMs]))
  return {
    keys,
    pools,
    stateOf: (owner) => layout.bind(keys.table, owner),
    keptBackOf: (owner) => new KeptBack(layout.learnedOf(owner)),
    poolOf: (owner) => pools.find(({ pool }) => pool.lengthMs === lengthOf.get(owner))?.pool,
  }
}
