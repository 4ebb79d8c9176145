/** A warehouse of the version before, opened by this one: every row is there, and what comes again is no second event. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createChdbConnection } from 'chdb/connection'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentId } from '../../../schemas/content.ts'
import { EVENT_COLUMNS, type Event } from '../../../schemas/event.ts'
import { MIGRATIONS_DIRECTORY, readMigrations } from '../../../services/lib/warehouse/migrations.ts'
import type { Warehouse } from '../../../services/lib/warehouse/port.ts'
import { event, linesOf, scratch, T0, warehouse } from './support.ts'

/** The migrations that version 0.1 had. */
function migrationsOfBefore(): URL {
  const directory = scratch()
  cpSync(MIGRATIONS_DIRECTORY, directory, { recursive: true })
  for (const { name, number } of readMigrations()) if (number > 3) rmSync(join(directory, name))
  const sums = join(directory, 'checksums.txt')
  writeFileSync(sums, readFileSync(sums, 'utf8').split('\n').slice(0, 3).join('\n'))
  return pathToFileURL(`${directory}/`)
}

const NEW = ['content_id', 'time_ns', 'sequence', 'sender', 'session_derived', 'call_record']
const OLD_COLUMNS = EVENT_COLUMNS.map(({ name }) => name as keyof Event).filter((name) => !NEW.includes(name))

/** Makes the tables of before in a directory, with these events in them. */
async function warehouseOfBefore(path: string, events: readonly Event[]): Promise<void> {
  // The columns of before are refused by this version, but only once its migrations have been applied.
  const opened = await warehouse({ kind: 'chdb', path, migrations: migrationsOfBefore() })
  expect(opened.status().reason).toMatch(/column events\.content_id must be/)
  await opened.close()
  const connection = createChdbConnection({ path })
  const values = events.map((one) => `${JSON.stringify(OLD_COLUMNS.map((column) => one[column]))}\n`).join('')
  await connection.chdb.rawInsert({
    table: 'events',
    columns: [...OLD_COLUMNS],
    format: 'JSONCompactEachRow',
    values: Buffer.from(values),
    settings: { max_partitions_per_insert_block: 0 },
  })
  await connection.close()
}

const contents = async (store: Warehouse) =>
  new Map(
    (
      await store.ask<{ event_id: string; content_id: string }>({
        name: 'contents',
        sql: 'SELECT event_id, content_id FROM events FINAL',
        params: {},
      })
    ).map(({ event_id, content_id }) => [event_id, content_id]),
  )

const tables = async (store: Warehouse) =>
  (
    await store.ask<{ name: string }>({
      name: 'tables',
      sql: 'SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name',
      params: {},
    })
  ).map(({ name }) => name)

const TABLES = ['archived', 'dead_letters', 'events', 'excerpts', 'findings', 'migrations']

describe('a warehouse of the version before', () => {
  it('keeps every event, each with the content that the code computes, and takes copies from the log as repeats', async () => {
    const path = scratch()
    const words = fc.string({ unit: 'grapheme', maxLength: 40 })
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 32, maxLength: 32 })
    const fields = fc.record({
      identity: words,
      action: words,
      target: words,
      peer: words,
      session: words,
      source_address: words,
      credential: fc.oneof(words, hex),
      outcome: fc.constantFrom('success' as const, 'denied' as const),
    })
    const samples = fc.sample(fields, { numRuns: 300, seed: 7 })
    // More months than one block of an insert may touch by default.
    const events = samples.map((sample, n) => event(n, { ...sample, time: Date.UTC(2015, n % 150, 3) + n }))
    await warehouseOfBefore(path, [...events, ...events.slice(0, 50)])
    const store = await warehouse({ kind: 'chdb', path })
    expect(store.status()).toEqual({ state: 'up', reason: '' })
    expect(await tables(store)).toEqual(TABLES)
    const expected = new Map(events.map((one) => [one.event_id, contentId(one)]))
    expect(await contents(store)).toEqual(expected)
    // What the log still holds comes again, in the columns of today.
    await store.insert('events', linesOf(events))
    expect(await contents(store)).toEqual(expected)
    const [row] = await store.ask<{ n: string }>({
      name: 'n',
      sql: 'SELECT count() AS n FROM events FINAL',
      params: {},
    })
    expect(row).toEqual({ n: String(events.length) })
  })

  it.each([
    ['after the copy', 2],
    ['after the exchange', 3],
    ['after the second copy', 4],
    ['before it was written down', 6],
  ])('is upgraded to the same when the upgrade is cut short %s', async (_, statements) => {
    const path = scratch()
    const events = Array.from({ length: 40 }, (_v, n) => event(n, { time: T0 + n }))
    await warehouseOfBefore(path, events)
    const upgrade = readMigrations().find(({ number }) => number === 4)
    const connection = createChdbConnection({ path })
    for (const { sql } of upgrade?.statements.slice(0, statements) ?? []) await connection.command({ query: sql })
    await connection.close()
    const store = await warehouse({ kind: 'chdb', path })
    expect(store.status()).toEqual({ state: 'up', reason: '' })
    expect(await tables(store)).toEqual(TABLES)
    expect(await contents(store)).toEqual(new Map(events.map((one) => [one.event_id, contentId(one)])))
  })
})

it('keeps of copies with one key the one that was received first, however often the others come', async () => {
  const store = await warehouse()
  const first = event(1, { approver: 'alice' })
  const later = { ...first, approver: 'mallory', receipt_time: first.receipt_time + 5_000 }
  for (const one of [later, first, later]) await store.insert('events', linesOf([one]))
  await store.insert('events', linesOf([later, event(2)]))
  const rows = await store.ask({
    name: 'kept',
    sql: `SELECT approver FROM events FINAL WHERE event_id = {id:String}`,
    params: { id: first.event_id },
  })
  expect(rows).toEqual([{ approver: 'alice' }])
})
