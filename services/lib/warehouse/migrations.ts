/**
 * Numbered migrations: SQL files that are applied in order, each once. An applied migration is never edited, because
 * warehouses that have it would differ from new ones. `checksums.txt` next to the files and the table `migrations` in the
 * warehouse both hold the SHA-256 of each, and an edit is refused by name. Statements can be repeated (IF NOT EXISTS):
 * ClickHouse has no transaction around them, and two processes may start at once. One that cannot be repeated has a
 * comment on the line above that says when it is run:
 *
 *   -- unless the column events.content_id exists
 *   -- if the table events_1 exists
 */
import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { Engine } from './engine.ts'
import { TABLE_NAMES, TABLES } from './tables.ts'

/** What must be so for a statement to be run. */
export interface Guard {
  readonly table: string
  /** Undefined: the table itself. */
  readonly column: string | undefined
  readonly exists: boolean
  /** The comment, without its dashes. */
  readonly words: string
}

export interface Statement {
  readonly sql: string
  readonly guard: Guard | undefined
}

export interface Migration {
  readonly number: number
  /** File name. */
  readonly name: string
  readonly checksum: string
  readonly statements: readonly Statement[]
}

export const MIGRATIONS_DIRECTORY = new URL('../../../infra/clickhouse/migrations/', import.meta.url)

const FILE_NAME = /^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.sql$/

const GUARD = /^-- ((unless|if) the (?:table|column) (\w+)(?:\.(\w+))? exists)$/m

function guardOf(statement: string): Guard | undefined {
  const [, words = '', word, table = '', column] = GUARD.exec(statement) ?? []
  return word === undefined ? undefined : { table, column, exists: word === 'if', words }
}

const withoutComments = (statement: string): string =>
  statement
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .trim()

/** Splits at semicolons that end a line; comment lines go, but for what they say of when a statement is run. */
const statementsOf = (sql: string): Statement[] =>
  sql
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => ({ sql: withoutComments(statement), guard: guardOf(statement) }))
    .filter((statement) => statement.sql !== '')

function checksumsOf(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => line.split(/\s+/) as [string, string]).map(([sum, file]) => [file, sum]))
}

/** Reads the migrations of a directory. Throws where a name, a number or a checksum is not as it must be. */
export function readMigrations(directory: URL = MIGRATIONS_DIRECTORY): Migration[] {
  const files = readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
  const sums = checksumsOf(readFileSync(new URL('checksums.txt', directory), 'utf8'))
  return files.map((name, index) => {
    const number = Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN)
    if (number !== index + 1) {
      throw new Error(`migration ${name}: the names must be 0001-word.sql, 0002-word.sql and so on without a gap`)
    }
    const sql = readFileSync(new URL(name, directory), 'utf8')
    const checksum = hash('sha256', sql)
    if (sums.get(name) !== checksum) {
      throw new Error(
        `migration ${name} does not have the checksum that stands in checksums.txt: ` +
          'a published migration is never edited, write a new one; for a new one add its line (sha256sum)',
      )
    }
    if (!sql.startsWith('-- ')) throw new Error(`migration ${name} must open with a comment that says why`)
    return { number, name, checksum, statements: statementsOf(sql) }
  })
}

export const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS migrations (
  number UInt32,
  name String,
  checksum FixedString(64),
  applied_at DateTime DEFAULT now()
) ENGINE = ReplacingMergeTree ORDER BY (number, name, checksum)`

function refuseStrangers(
  migrations: readonly Migration[],
  applied: readonly { name: string; checksum: string }[],
): void {
  for (const { name, checksum } of applied) {
    const known = migrations.find((migration) => migration.name === name)
    if (known === undefined) {
      throw new Error(`the warehouse has migration ${name}, which this version does not know: start a newer version`)
    }
    if (known.checksum !== checksum) {
      throw new Error(`migration ${name} was edited after the warehouse applied it: restore the file, write a new one`)
    }
  }
}

async function isDue({ guard }: Statement, engine: Engine): Promise<boolean> {
  if (guard === undefined) return true
  const { table, column = '', exists } = guard
  const [row] = await engine.ask<{ found: string }>(
    `SELECT count() AS found FROM system.columns
     WHERE database = currentDatabase() AND table = {table:String} AND ({column:String} = '' OR name = {column:String})`,
    { table, column },
  )
  return Number(row?.found ?? 0) > 0 === exists
}

/** Applies what is missing, in order; returns the names of what was applied. Throws if an applied one was edited. */
export async function migrate(engine: Engine, migrations: readonly Migration[]): Promise<string[]> {
  await engine.command(MIGRATIONS_TABLE)
  const applied = await engine.ask<{ name: string; checksum: string }>(
    'SELECT DISTINCT name, checksum FROM migrations ORDER BY name, checksum',
    {},
  )
  refuseStrangers(migrations, applied)
  const done: string[] = []
  for (const migration of migrations) {
    if (applied.some(({ name }) => name === migration.name)) continue
    for (const statement of migration.statements) {
      if (await isDue(statement, engine)) await engine.command(statement.sql)
    }
    // The form of file name and checksum is checked above: this statement contains no caller's text.
    await engine.command(
      `INSERT INTO migrations (number, name, checksum) SETTINGS async_insert = 0 ` +
        `VALUES (${migration.number}, '${migration.name}', '${migration.checksum}')`,
    )
    done.push(migration.name)
  }
  return done
}

/** Throws where a table lacks a column that rows are sent with, or has it with another type. */
export async function checkColumns(engine: Engine): Promise<void> {
  const found = await engine.ask<{ table: string; name: string; type: string }>(
    'SELECT table, name, type FROM system.columns WHERE database = currentDatabase()',
    {},
  )
  for (const table of TABLE_NAMES) {
    for (const { name, clickhouse } of TABLES[table]) {
      const type = found.find((column) => column.table === table && column.name === name)?.type
      if (type !== clickhouse) {
        const has = type === undefined ? 'lacks it' : `has it as ${type}`
        throw new Error(
          `column ${table}.${name} must be ${clickhouse} and the warehouse ${has}: a migration is missing, ` +
            'or the table was changed by hand (the warehouse can be dropped and is then built again from the log)',
        )
      }
    }
  }
}
