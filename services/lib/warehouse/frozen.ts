/**
 * A copy of the engine's directory while the engine runs. ClickHouse links the parts of a table as they are at one moment
 * into `shadow/NAME`, which costs no time and no space until the originals are merged away. Together with the few files that
 * say which tables there are that is a directory which an engine opens.
 */
import { cp, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Engine } from './engine.ts'
import { TABLE_NAMES } from './tables.ts'

/** Marks first: what they say is stored is in the tables that are frozen after them. */
const ORDER = ['archived', ...TABLE_NAMES.filter((name) => name !== 'archived'), 'migrations']

/** What of a table's or database's directory is no part: its definition, and the format of its parts. */
const DEFINITION = /^(.*\.sql|format_version\.txt)$/

/** `name` has lower-case letters and digits only: it is part of the statement, and ClickHouse escapes the rest. */
export async function freezeTables(engine: Engine, name: string): Promise<void> {
  for (const table of ORDER) await engine.command(`ALTER TABLE ${table} FREEZE WITH NAME '${name}'`)
}

async function* filesBelow(path: string, below = ''): AsyncGenerator<string> {
  for (const entry of await readdir(join(path, below), { withFileTypes: true })) {
    const at = join(below, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path, at)
    else yield at
  }
}

/** Copies what was frozen under the name into a directory that an engine can open; returns the number of files. */
export async function copyFrozen(warehouse: string, name: string, target: string): Promise<number> {
  let files = 0
  for (const links of ['metadata', 'data']) {
    await cp(join(warehouse, links), join(target, links), { recursive: true, verbatimSymlinks: true })
  }
  const store = join(warehouse, 'store')
  for (const group of await readdir(store)) {
    for (const one of await readdir(join(store, group))) {
      const definitions = (await readdir(join(store, group, one))).filter((file) => DEFINITION.test(file))
      for (const file of definitions) await cp(join(store, group, one, file), join(target, 'store', group, one, file))
    }
  }
  const shadow = join(warehouse, 'shadow', name)
  // The table of migrations is never empty: if nothing is there, something is wrong, and this throws.
  for await (const file of filesBelow(shadow)) {
    await mkdir(dirname(join(target, file)), { recursive: true })
    await cp(join(shadow, file), join(target, file))
    files++
  }
  return files
}
