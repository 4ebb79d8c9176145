/**
 * State to named columns and back. A detector whose columns are not all there in the expected size starts empty; all
 * others keep what they learned. So adding or changing one detector loses nobody else's state.
 */
import { COLUMN_BYTES } from '../../../detectors/lib/columns.ts'
import type { KeyTable } from './key-table.ts'
import { type RulesDump, sectionsNamed } from './rules.ts'
import type { StageSnapshot } from './stage.ts'
import type { Table } from './table.ts'
import type { WindowPool } from './windows.ts'

type NamedBytes = StageSnapshot['columns'][number]
type TableMeta = { readonly high: number; readonly free: readonly number[] }
type PoolMeta = TableMeta & { readonly ends: readonly [number, number] }

/** The engine's own record of what was in force, as JSON. */
export const META = 'engine/meta'

export class SnapshotWriter {
  readonly columns: NamedBytes[] = []

  json(name: string, value: unknown): void {
    this.columns.push({ name, bytes: Buffer.from(JSON.stringify(value)) })
  }

  numbers(name: string, values: Uint32Array): void {
    this.columns.push({ name, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) })
  }

  /** A table that is nobody's rows of state. */
  table(prefix: string, table: Table): void {
    const meta: TableMeta = { high: table.high, free: table.freeRows }
    this.json(`${prefix}//meta`, meta)
    this.#columns(prefix, table)
  }

  keys(prefix: string, keys: KeyTable): void {
    this.json(`${prefix}//meta`, keys.meta)
    this.#columns(prefix, keys.table)
  }

  pool(prefix: string, pool: WindowPool): void {
    const meta: PoolMeta = { high: pool.table.high, free: pool.table.freeRows, ends: pool.ends }
    this.json(`${prefix}//meta`, meta)
    this.#columns(prefix, pool.table)
  }

  #columns(prefix: string, table: Table): void {
    table.columns.forEach((column, i) => {
      this.columns.push({ name: `${prefix}:${column.name}`, bytes: table.dump(i) })
    })
  }
}

/** A pool with the prefix of its columns, and the column of the key table that heads the chain of a row's windows. */
export interface NamedPool {
  readonly prefix: string
  readonly head: string
  readonly pool: WindowPool
}

export interface SnapshotReader {
  json(name: string): unknown
  numbers(name: string): Uint32Array
  /** Fills an empty table that was written by itself; one that the snapshot does not have stays empty. */
  table(prefix: string, table: Table): void
  /** A table of keys together with the pools whose windows its rows head: neither is worth anything without the other. */
  keys(prefix: string, keys: KeyTable, pools: readonly NamedPool[]): void
}

/** Hash and name of the sections that a snapshot names; the caller that restores it supplies their contents. */
export function sectionsIn(snapshot: StageSnapshot): ReadonlyMap<string, string> {
  const meta = (readColumns(snapshot).json(META) ?? {}) as RulesDump
  return new Map(sectionsNamed(meta).map(([name, , hash]) => [hash, name]))
}

/** The detector (`id@version`) that a column belongs to; undefined for the engine's own. */
const ownerOf = (column: string): string | undefined => {
  const owner = column.split('/').slice(0, 2).join('/')
  return owner.includes('@') ? owner : undefined
}

export function readColumns(snapshot: StageSnapshot): SnapshotReader {
  const held = new Map(snapshot.columns.map(({ name, bytes }) => [name, bytes]))

  const json = (name: string): unknown => {
    const bytes = held.get(name)
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'))
  }

  /** Owners of the table's columns that the snapshot does not have whole. */
  const incomplete = (prefix: string, table: Table, high: number): Set<string> => {
    const owners = new Set<string>()
    for (const column of table.columns) {
      const owner = ownerOf(column.name)
      const bytes = held.get(`${prefix}:${column.name}`)
      if (owner !== undefined && bytes?.length !== high * COLUMN_BYTES[column.type] * column.length) owners.add(owner)
    }
    return owners
  }

  const bytesBut =
    (prefix: string, without: ReadonlySet<string>) =>
    (name: string): Uint8Array | undefined => {
      const owner = ownerOf(name)
      return owner !== undefined && without.has(owner) ? undefined : held.get(`${prefix}:${name}`)
    }

  /** Owners of a pool whose windows are incomplete in the snapshot: all of them if it has no such pool. */
  const windowless = ({ prefix, pool }: NamedPool): Set<string> => {
    const meta = json(`${prefix}//meta`) as PoolMeta | undefined
    return incomplete(prefix, pool.table, meta?.high ?? -1)
  }

  return {
    json,
    numbers: (name) => {
      const bytes = held.get(name)
      if (bytes === undefined) return new Uint32Array(0)
      return new Uint32Array(Uint8Array.from(bytes).buffer)
    },
    table: (prefix, table) => {
      const meta = json(`${prefix}//meta`) as TableMeta | undefined
      if (meta !== undefined) table.load(meta.high, meta.free, (name) => held.get(`${prefix}:${name}`))
    },
    keys: (prefix, keys, pools) => {
      const meta = json(`${prefix}//meta`) as KeyTable['meta'] | undefined
      if (meta === undefined) return
      const without = incomplete(prefix, keys.table, meta.high)
      // A detector's fields and windows belong together: if either is missing, the other starts empty, too.
      for (const named of pools) for (const owner of windowless(named)) without.add(owner)
      const known = pools.filter((named) => json(`${named.prefix}//meta`) !== undefined)
      const heads = new Set(pools.filter((named) => !known.includes(named)).map((named) => named.head))
      const rest = bytesBut(prefix, without)
      keys.load(meta, (name) => (heads.has(name) ? undefined : rest(name)))
      for (const { prefix: poolPrefix, pool } of known) {
        const { high, free, ends } = json(`${poolPrefix}//meta`) as PoolMeta
        pool.load(high, free, ends, bytesBut(poolPrefix, without))
      }
    },
  }
}
