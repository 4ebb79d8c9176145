/**
 * The tables for a ClickHouse of several replicas, made from the migrations: the same columns and keys with replicated
 * engines, created on every server of a cluster. A test compares schema.sql with what this gives.
 *
 *   node scripts/replicated-schema.ts > infra/clickhouse/replicated/schema.sql
 */
import { MIGRATIONS_TABLE, readMigrations, type Statement } from '../services/lib/warehouse/migrations.ts'

const HEAD = `-- Tables for a ClickHouse cluster of several replicas, generated from infra/clickhouse/migrations by scripts/replicated-schema.ts:
-- not edited by hand. Run it once in the database that moltwatch uses, before its first start; README.md says how.
`

/** One statement of a migration, on every server of the cluster. */
function replicated({ sql, guard }: Statement): string {
  const head = guard === undefined ? '' : `-- ${guard.words}\n`
  const cluster = "ON CLUSTER '{cluster}'"
  const clustered = sql
    .replace(/^CREATE TABLE IF NOT EXISTS (\w+)/, `CREATE TABLE IF NOT EXISTS $1 ${cluster}`)
    .replace(/^ALTER TABLE (\w+)/, `ALTER TABLE $1 ${cluster}`)
    .replace(/^(RENAME TABLE .*|DROP TABLE IF EXISTS \w+)$/, `$1 ${cluster}`)
    .replace(
      /ENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/,
      (_, engine: string, version: string | undefined) =>
        `ENGINE = Replicated${engine}('/clickhouse/tables/{uuid}/{shard}', '{replica}'${version === undefined ? '' : `, ${version}`})`,
    )
    .replace('non_replicated_deduplication_window', 'replicated_deduplication_window')
  return `${head}${clustered}`
}

/** The text of schema.sql. */
export function replicatedSchema(): string {
  const migrations = readMigrations()
  const statements = migrations.flatMap(({ name, statements: own }) => own.map((one) => ({ name, one })))
  const all = [
    { name: 'which migrations were applied', one: { sql: MIGRATIONS_TABLE, guard: undefined } },
    ...statements,
  ]
  return HEAD + all.map(({ name, one }) => `\n-- ${name}\n${replicated(one)};\n`).join('')
}

if (import.meta.main) process.stdout.write(replicatedSchema())
