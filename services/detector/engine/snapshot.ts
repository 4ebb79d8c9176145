/**
 * State to named columns and back. A detector whose columns are not all there in the expected size starts empty; all
 * others keep what they learned. So adding or changing one detector loses nobody else's state.
 */
import { COLUMN_BYTES } from '../../../detectors/lib/columns.ts'
import type { KeyTable } from './key-table.ts'
import type { StageSnapshot } from './stage.ts'
import type { Table } from './table.ts'
import type { WindowPool } from './windows.ts'

type NamedBytes = StageSnapshot['columns'][number]
type PoolMeta = { readonly high: number; readonly free: readonly number[]; readonly ends: readonly [number, number] }

export class SnapshotWriter {
  readonly columns: NamedBytes[] = []

  json(name: string, value: unknown): void {
    this.columns.push({ name, bytes: Buffer.from(JSON.stringify(value)) })
  }

  numbers(name: string, values: Uint32Array): void {
    this.columns.push({ name, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) })
  }

  keys(prefix: string, keys: KeyTable): void {
    this.json(`${prefix}//meta`, keys.meta)
    this.#table(prefix, keys.table)
  }

  pool(prefix: string, pool: WindowPool): void {
    const meta: PoolMeta = { high: pool.table.high, free: pool.table.freeRows, ends: pool.ends }
    this.json(`${prefix}//meta`, meta)
    this.#table(prefix, pool.table)
  }

  #table(prefix: string, table: Table): void {
    table.columns.forEach((column, i) => {
      this.columns.push({ name: `${prefix}:${column.name}`, bytes: table.dump(i) })
    })
  }
}

/** A pool with the detector (`id@version`) that it belongs to and the prefix of its columns. */
export interface NamedPool {
  readonly owner: string
  readonly prefix: string
  readonly pool: WindowPool
}

export interface SnapshotReader {
  json(name: string): unknown
  numbers(name: string): Uint32Array
  /** A table of keys together with the pools whose windows its rows head: neither is worth anything without the other. */
  keys(prefix: string, keys: KeyTable, pools: readonly NamedPool[]): void
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

  const poolIsWhole = ({ prefix, pool }: NamedPool): boolean => {
    const meta = json(`${prefix}//meta`) as PoolMeta | undefined
    return meta !== undefined && incomplete(prefix, pool.table, meta.high).size === 0
  }

  return {
    json,
    numbers: (name) => {
      const bytes = held.get(name)
      if (bytes === undefined) return new Uint32Array(0)
      return new Uint32Array(Uint8Array.from(bytes).buffer)
    },
    keys: (prefix, keys, pools) => {
      const meta = json(`${prefix}//meta`) as KeyTable['meta'] | undefined
      if (meta === undefined) return
      const without = incomplete(prefix, keys.table, meta.high)
      for (const named of pools) if (!poolIsWhole(named)) without.add(named.owner)
      keys.load(meta, bytesBut(prefix, without))
      for (const { owner, prefix: poolPrefix, pool } of pools) {
        if (without.has(owner)) continue
        const { high, free, ends } = json(`${poolPrefix}//meta`) as PoolMeta
        pool.load(high, free, ends, (name) => held.get(`${poolPrefix}:${name}`))
      }
    },
  }
}
