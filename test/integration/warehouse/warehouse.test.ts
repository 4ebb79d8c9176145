/** The warehouse through its port, in the process and behind HTTP: what goes in comes out, and trouble has its name. */
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createChdbConnection } from 'chdb/connection'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EVENT_COLUMNS, type Event } from '../../../schemas/event.ts'
import type { WarehouseOptions } from '../../../services/lib/warehouse/index.ts'
import { MIGRATIONS_DIRECTORY, readMigrations } from '../../../services/lib/warehouse/migrations.ts'
import type { Warehouse } from '../../../services/lib/warehouse/port.ts'
import { TABLE_NAMES, TABLES } from '../../../services/lib/warehouse/tables.ts'
import { door } from './door.ts'
import { event, linesOf, scratch, T0, warehouse } from './support.ts'

const count = async (of: Warehouse): Promise<number> => {
  const rows = await of.ask<{ n: string }>({
    name: 'count',
    sql: 'SELECT uniqExact(event_id) AS n FROM events',
    params: {},
  })
  return Number(rows[0]?.n)
}

const KINDS: [string, () => Promise<WarehouseOptions>][] = [
  ['in the process', async () => ({ kind: 'chdb', path: scratch() })],
  ['behind HTTP', async () => ({ kind: 'server', url: (await door(scratch())).url() })],
]

describe.each(KINDS)('a warehouse %s', (_, options) => {
  it('gives back every column as it was sent', async () => {
    const opened = await warehouse(await options())
    expect(opened.status()).toEqual({ state: 'up', reason: '' })
    const words = fc.string({ unit: 'binary', maxLength: 40 })
    const ms = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2100, 0, 1) })
    const fields = fc.record({
      time: ms,
      approval_expires: ms,
      identity: words,
      action: words,
      target: words,
      on_behalf_of: fc.array(words, { maxLength: 3 }),
      cost: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
      content_classes: fc.nat(0xffff_ffff),
      value_hashes: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String), { maxLength: 3 }),
      session: words,
    })
    const sent = fc.sample(fields, { numRuns: 200, seed: 1 }).map((sample, n) => event(n, sample))
    await opened.insert('events', linesOf(sent))
    const instants = EVENT_COLUMNS.filter((column) => column.clickhouse.startsWith('DateTime64')).map(
      ({ name }) => name,
    )
    const columns = EVENT_COLUMNS.map(({ name }) =>
      instants.includes(name) ? `toUnixTimestamp64Milli(e.${name}) AS ${name}` : `e.${name} AS ${name}`,
    )
    const rows = await opened.ask<Record<string, unknown>>({
      name: 'all',
      sql: `SELECT ${columns.join(', ')} FROM events AS e ORDER BY e.source_id`,
      params: {},
    })
    for (const row of rows) for (const name of instants) row[name] = Number(row[name])
    // Half of a surrogate pair is no character: JSON writes it as an escape, and ClickHouse keeps a replacement for it.
    const wellFormed = (one: Event) =>
      JSON.parse(JSON.stringify(one), (_key, v) => (typeof v === 'string' ? v.toWellFormed() : v))
    expect(rows).toEqual(sent.map(wellFormed).sort((a, b) => (a.source_id < b.source_id ? -1 : 1)))
  })

  it('takes one insert over 150 months', async () => {
    const opened = await warehouse(await options())
    const months = Array.from({ length: 150 }, (_v, n) => event(n, { time: Date.UTC(2015, n, 3) }))
    await opened.insert('events', linesOf(months))
    expect(await count(opened)).toBe(150)
  })

  it('stores the same bytes once, and other bytes always', async () => {
    const opened = await warehouse(await options())
    const first = linesOf([event(1), event(2)])
    await opened.insert('events', first)
    await opened.insert('events', first)
    await opened.insert('events', linesOf([event(2), event(3)]))
    const rows = await opened.ask<{ n: string }>({ name: 'rows', sql: 'SELECT count() AS n FROM events', params: {} })
    expect(rows).toEqual([{ n: '4' }])
    expect(await count(opened)).toBe(3)
  })

  it('refuses rows that do not fit, and nothing of such an insert counts', async () => {
    const opened = await warehouse(await options())
    const bad = [
      '["x"]',
      '[1,2',
      linesOf([event(1, { event_id: 'f'.repeat(40) })])
        .toString()
        .trim(),
    ]
    for (const line of bad) {
      const lines = Buffer.concat([linesOf([event(7)]), Buffer.from(`${line}\n`)])
      await expect(opened.insert('events', lines)).rejects.toMatchObject({ code: 'refused', retriable: false })
    }
    expect(await count(opened)).toBe(0)
  })

  it('stops a question at its limits and names them too heavy', async () => {
    const opened = await warehouse({ ...(await options()), questionSecondsMax: 1, questionBytesMax: 50_000_000 })
    const slow = 'SELECT count() AS n FROM numbers(100000000000) WHERE sipHash64(number) = 1'
    const large = 'SELECT length(groupArray(number)) AS n FROM numbers(100000000)'
    for (const sql of [slow, large]) {
      await expect(opened.ask({ name: 'heavy', sql, params: {} })).rejects.toMatchObject({ code: 'too_heavy' })
    }
    await expect(opened.ask({ name: 'wrong', sql: 'SELECT nothing', params: {} })).rejects.toMatchObject({
      code: 'failed',
    })
  })

  it('lets what is under way end before it closes, and takes nothing after', async () => {
    const opened = await warehouse(await options())
    const lines = linesOf(Array.from({ length: 5_000 }, (_v, n) => event(n)))
    const work = [
      opened.insert('events', lines),
      ...[1, 2, 3, 4].map((n) =>
        opened.ask<{ n: string }>({
          name: 'sum',
          sql: 'SELECT sum(number) AS n FROM numbers({n:UInt64})',
          params: { n },
        }),
      ),
    ]
    const results = Promise.allSettled(work)
    // The first two questions run; those that wait at the gate find the warehouse closed.
    await opened.close()
    expect((await results).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    await expect(opened.insert('events', lines)).rejects.toMatchObject({ code: 'unavailable' })
    expect(opened.status().state).toBe('closed')
  })

  it('keeps what it has when opened again, and applies no migration twice', async () => {
    const where = await options()
    const first = await warehouse(where)
    await first.insert('events', linesOf([event(1)]))
    await first.close()
    const second = await warehouse(where)
    expect(second.status()).toEqual({ state: 'up', reason: '' })
    expect(await count(second)).toBe(1)
  })
})

describe('the schema', () => {
  it('equals the golden dump, and the columns of the tables equal their one definition', async () => {
    const opened = await warehouse()
    const created = await opened.ask<{ sql: string }>({
      name: 'schema',
      sql: `SELECT create_table_query AS sql FROM system.tables WHERE database = currentDatabase() ORDER BY name`,
      params: {},
    })
    const dump = created.map(
      ({ sql }) =>
        `${sql.replaceAll(/,? `/g, (cut) => cut.replace(' ', '\n  ')).replaceAll(/ (?=ENGINE|PARTITION BY|ORDER BY|TTL|SETTINGS|PRIMARY KEY)/g, '\n')};\n`,
    )
    await expect(dump.join('\n')).toMatchFileSnapshot('../../../infra/clickhouse/schema.golden.sql')
    for (const table of TABLE_NAMES) {
      const columns = await opened.ask<{ name: string; clickhouse: string }>({
        name: 'columns',
        sql: `SELECT name, type AS clickhouse FROM system.columns
              WHERE database = currentDatabase() AND table = {table:String} AND default_kind = '' ORDER BY position`,
        params: { table },
      })
      expect(columns).toEqual(TABLES[table].map(({ name, clickhouse }) => ({ name, clickhouse })))
    }
  })

  /** The project's migrations, copied so that a test can change them. */
  function copied(): { directory: string; migrations: URL } {
    const directory = scratch()
    cpSync(MIGRATIONS_DIRECTORY, directory, { recursive: true })
    return { directory, migrations: pathToFileURL(`${directory}/`) }
  }
  const edit = (directory: string, file: string, change: (text: string) => string) =>
    writeFileSync(join(directory, file), change(readFileSync(join(directory, file), 'utf8')))

  it('refuses a migration that does not match its checksum', async () => {
    const { directory, migrations } = copied()
    edit(directory, '0002-findings.sql', (sql) => sql.replace('UInt8', 'UInt16'))
    const opened = await warehouse({ kind: 'chdb', path: scratch(), migrations })
    expect(opened.status()).toMatchObject({
      state: 'down',
      reason: expect.stringMatching(/0002-findings\.sql.*never edited/),
    })
  })

  it('refuses a warehouse whose migrations were edited or are newer than the code', async () => {
    const path = scratch()
    const { directory, migrations } = copied()
    const known = await warehouse({ kind: 'chdb', path, migrations })
    expect(known.status().state).toBe('up')
    await known.close()

    const name = readMigrations().at(-1)?.name ?? ''
    edit(directory, name, (sql) => `${sql}\n-- edited\n`)
    const sum = hash('sha256', readFileSync(join(directory, name), 'utf8'))
    edit(directory, 'checksums.txt', (text) => text.replace(new RegExp(`^.*${name}$`, 'm'), `${sum}  ${name}`))
    const edited = await warehouse({ kind: 'chdb', path, migrations })
    expect(edited.status().reason).toContain(`${name} was edited after the warehouse applied it`)
    await edited.close()

    rmSync(join(directory, name))
    const older = await warehouse({ kind: 'chdb', path, migrations })
    expect(older.status().reason).toContain(`has migration ${name}, which this version does not know`)
  })

  it('refuses a table that was changed by hand, by the name of the column', async () => {
    const path = scratch()
    const byHand = createChdbConnection({ path })
    await byHand.command({ query: 'CREATE TABLE dead_letters (tenant String) ENGINE = MergeTree ORDER BY tenant' })
    await byHand.close()
    const opened = await warehouse({ kind: 'chdb', path })
    expect(opened.status()).toMatchObject({
      state: 'down',
      reason: expect.stringMatching(/dead_letters\.id must be FixedString/),
    })
  })
})

describe('a warehouse that is away', () => {
  it('is named with its holder while another process has the directory, and opened once that is gone', async () => {
    const path = scratch()
    const hold = `import { createChdbConnection } from 'chdb/connection'
      const held = createChdbConnection({ path: ${JSON.stringify(path)} })
      await held.command({ query: 'SELECT 1' })
      console.log('held')
      setInterval(() => undefined, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', hold], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    onTestFinished(() => void holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    const opened = await warehouse({ kind: 'chdb', path })
    expect(opened.status()).toMatchObject({
      state: 'down',
      reason: expect.stringContaining(`in use by process ${holder.pid}`),
    })
    holder.kill('SIGKILL')
    await expect.poll(() => opened.status().state).toBe('up')
  })

  it('is waited for: calls say unavailable, and it comes back by itself', async () => {
    const behind = await door(scratch())
    await behind.shut()
    const opened = await warehouse({ kind: 'server', url: behind.url() })
    expect(opened.status()).toMatchObject({
      state: 'down',
      reason: expect.stringContaining(new URL(behind.url()).host),
    })
    await expect(opened.insert('events', linesOf([event(1)]))).rejects.toMatchObject({
      code: 'unavailable',
      retriable: true,
    })
    await behind.open()
    await expect.poll(() => opened.status().state).toBe('up')
    await opened.insert('events', linesOf([event(1)]))

    await behind.shut()
    await expect(count(opened)).rejects.toMatchObject({ code: 'unavailable' })
    expect(opened.status().state).toBe('down')
    await behind.open()
    await expect.poll(() => opened.status().state).toBe('up')
    expect(await count(opened)).toBe(1)
  })

  it('stores rows once when its answer was lost and they are sent again', async () => {
    const behind = await door(scratch())
    const opened = await warehouse({ kind: 'server', url: behind.url() })
    const lines = linesOf([event(1), event(2)])
    behind.loseAnswerOf('INSERT INTO `events`')
    await expect(opened.insert('events', lines)).rejects.toMatchObject({ code: 'unavailable' })
    await expect.poll(() => opened.status().state).toBe('up')
    await opened.insert('events', lines)
    const rows = await opened.ask<{ n: string }>({ name: 'rows', sql: 'SELECT count() AS n FROM events', params: {} })
    expect(rows).toEqual([{ n: '2' }])
  })
})

it('keeps times from 2015 to 2100 to the millisecond', async () => {
  const opened = await warehouse()
  const times = [
    Date.UTC(2015, 0, 1),
    T0 + 1,
    T0 + 999,
    Date.UTC(2038, 0, 19, 3, 14, 8),
    Date.UTC(2099, 11, 31, 23, 59, 59, 999),
  ]
  await opened.insert('events', linesOf(times.map((time, n) => event(n, { time }))))
  const rows = await opened.ask<{ ms: string }>({
    name: 'times',
    sql: 'SELECT toUnixTimestamp64Milli(time) AS ms FROM events ORDER BY time',
    params: {},
  })
  expect(rows.map(({ ms }) => Number(ms))).toEqual(times)
})
