/**
 * The archiver between the real embedded log and the real engine: everything acknowledged by the log ends up in the
 * warehouse once, or in the dead letters with its reason, whatever fails in between.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { blankDeadLetter, type DeadLetter } from '../../../schemas/dead-letter.ts'
import { EVENT_COLUMNS, EVENT_SCHEMA_VERSION, type Event } from '../../../schemas/event.ts'
import { type Finding, writeFindingRecord } from '../../../schemas/finding.ts'
import { encodeControl, encodeFrame, encodeFrameLines, encodeTick } from '../../../schemas/frame.ts'
import { H } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { type Archiver, createArchiver } from '../../../services/archiver/index.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { type Log, LogError } from '../../../services/lib/log/port.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { type Warehouse, WarehouseError } from '../../../services/lib/warehouse/port.ts'
import { wholeOnly } from '../../../services/lib/warehouse/whole.ts'
import { door } from '../warehouse/door.ts'
import { event, lineOf, scratch, silent, warehouse } from '../warehouse/support.ts'

const PARTITIONS = 4
const NEVER = '1970-01-01 00:00:00.000'

async function openLog(): Promise<Log> {
  const log = await createSqliteLog({ directory: scratch(), clock: systemClock, logger: silent })
  onTestFinished(() => log.close())
  await log.ensureTopics(topicSpecs(PARTITIONS))
  return log
}

/** An archiver that is stopped when the test ends. */
function archiver(log: Log, store: Warehouse, metrics = createMetrics(), fromOldest = false): Archiver {
  const tools = { log, warehouse: store, clock: systemClock, logger: silent, metrics }
  const made = createArchiver({ ...tools, fromOldest, lookEveryMs: 500 })
  onTestFinished(() => made.stop())
  return made
}

/** Archives the log, which holds so many events, into a warehouse that is dropped then; an empty one takes its place. */
async function archiveAndDrop(log: Log, count: number): Promise<Warehouse> {
  const before = await warehouse()
  const first = archiver(log, before)
  await first.start()
  await expect.poll(() => events(before)).toBe(count)
  await first.stop()
  await before.close()
  return warehouse()
}

/** The log for an archiver that loses partition 1 of the events before it has taken in what it was given first. */
const skippingFirst = (log: Log, given: () => Promise<void>): Log => ({
  ...log,
  async consume(options) {
    let skipped = false
    const consumer = await log.consume({
      ...options,
      handler(topic, partition) {
        const inner = options.handler(topic, partition)
        return {
          start: () => inner.start(),
          stop: () => inner.stop(),
          async process(batch, context) {
            if (skipped || topic !== 'events' || partition !== 1) return inner.process(batch, context)
            skipped = true
            await given()
          },
        }
      },
    })
    return { ...consumer, commit: () => Promise.reject(new LogError('log_unavailable', 'planted')) }
  },
})

const frame = (lines: readonly string[]) => ({
  key: null,
  value: encodeFrameLines(lines, { schema: EVENT_SCHEMA_VERSION, receiptTime: 1 }),
})
const frameOf = (from: number, to: number) =>
  frame(Array.from({ length: to - from }, (_, n) => lineOf(event(from + n))))

/** Rows of a table and distinct ids among them. */
async function stored(of: Warehouse, table: string, id: string): Promise<{ rows: number; distinct: number }> {
  const sql = `SELECT count() AS rows, uniqExact(${id}) AS distinct FROM ${table}`
  const [row] = await of.ask<{ rows: string; distinct: string }>({ name: 'stored', sql, params: {} })
  return { rows: Number(row?.rows), distinct: Number(row?.distinct) }
}
const events = async (of: Warehouse): Promise<number> => (await stored(of, 'events', 'event_id')).distinct

function finding(n: number, fields: Partial<Finding> = {}): Finding {
  return {
    id: H('finding', String(n)),
    revision: 1,
    detector: 'credential/new-source',
    version: 1,
    mode: 'live',
    severity: 'high',
    tenant: 'acme',
    agent: 'agent-1',
    owner: '',
    session: 'session-1',
    time: '2026-10-01T00:00:00.000Z',
    title: 'New source',
    why: 'It came from elsewhere.',
    observed: { source: '198.51.100.7' },
    expected: { sources: ['192.0.2.1'] },
    surprise: 3.25,
    learned_since: null,
    techniques: ['T1078'],
    evidence: [],
    history: false,
    epoch: 'e',
    ...fields,
  }
}

describe('what is stored', () => {
  it('holds every event of every partition once, and no tick or control record', async () => {
    const log = await openLog()
    const store = await warehouse()
    const running = archiver(log, store)
    await log.append('events', 0, [frameOf(0, 100), { key: null, value: encodeTick(EVENT_SCHEMA_VERSION, 2) }])
    await running.start()
    const control = encodeControl({ type: 'config', name: 'detection', tenant: '', hash: '0'.repeat(32) }, 3)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await log.append('events', partition, [
        { key: null, value: control },
        frameOf(100 * partition, 100 * partition + 150),
      ])
    }
    await expect.poll(() => events(store)).toBe(450)
    await expect.poll(() => running.status().lag.events).toBe(0)
    expect(running.status()).toMatchObject({ state: 'running', reason: '', deadLetters: 0, rows: { events: 700 } })
  })

  it('makes few inserts of many small appends', async () => {
    const log = await openLog()
    const store = await warehouse()
    const running = archiver(log, store)
    for (let n = 0; n < 100; n++) await log.append('events', n % PARTITIONS, [frameOf(n, n + 1)])
    await running.start()
    await expect.poll(() => events(store)).toBe(100)
    expect(running.status().inserts).toBeLessThan(10)
  })

  it('holds findings with the bytes of their bodies, the newest revision first', async () => {
    const log = await openLog()
    const store = await warehouse()
    const first = finding(1)
    const second = { ...first, revision: 2, surprise: 1e-7 }
    const records = [first, second, finding(2, { session: null })].map((one) => ({
      key: null,
      value: Buffer.from(JSON.stringify(one)),
    }))
    const found = writeFindingRecord(finding(3), { foundAt: Date.UTC(2026, 5, 1), agentSince: Date.UTC(2026, 4, 1) })
    await log.append('findings', 3, [...records, { key: null, value: Buffer.from(found) }])
    await archiver(log, store).start()
    await expect.poll(async () => (await stored(store, 'findings', 'id')).distinct).toBe(3)
    const rows = await store.ask<{ body: string; revision: number }>({
      name: 'findings',
      sql: 'SELECT revision, found_at, place, body FROM findings FINAL ORDER BY place',
      params: {},
    })
    expect(rows).toEqual([
      { revision: 2, found_at: NEVER, place: '2', body: JSON.stringify(second) },
      { revision: 1, found_at: NEVER, place: '3', body: JSON.stringify(finding(2, { session: null })) },
      { revision: 1, found_at: '2026-06-01 00:00:00.000', place: '4', body: JSON.stringify(finding(3)) },
    ])
  })

  it('holds characters of every width whole', async () => {
    const log = await openLog()
    const store = await warehouse()
    const targets = ['é', '😀', '漢字', '\u2028\u0000"\\'].map((word) => word.repeat(300))
    await log.append('events', 0, [
      frame(Array.from({ length: 3_000 }, (_, n) => lineOf(event(n, { target: targets[n % 4] as string })))),
    ])
    await archiver(log, store).start()
    await expect.poll(() => events(store)).toBe(3_000)
    const rows = await store.ask<{ target: string }>({
      name: 'targets',
      sql: 'SELECT DISTINCT target FROM events',
      params: {},
    })
    expect(rows.map(({ target }) => target).sort()).toEqual(targets.toSorted())
  })
})

describe('what cannot be stored', () => {
  const letters = async (of: Warehouse): Promise<DeadLetter[]> =>
    of.ask<DeadLetter>({
      name: 'letters',
      sql: 'SELECT * FROM dead_letters FINAL ORDER BY origin, `index`',
      params: {},
    })

  it('goes to the dead letters row by row, and its neighbours are stored', async () => {
    const log = await openLog()
    const store = await warehouse()
    const metrics = createMetrics()
    const lines = Array.from({ length: 300 }, (_, n) => lineOf(event(n)))
    lines[17] = lineOf(event(17, { event_id: 'f'.repeat(33) }))
    lines[18] = '["not", "an event"]'
    lines[299] = 'not JSON'
    await log.append('events', 1, [frameOf(1_000, 1_100), frame(lines), frameOf(2_000, 2_100)])
    const running = archiver(log, store, metrics)
    await running.start()
    await expect.poll(() => letters(store)).toHaveLength(3)
    expect(await events(store)).toBe(497)
    const found = await letters(store)
    expect(found.map(({ index, origin, reason, service }) => ({ index, origin, reason, service }))).toEqual(
      [17, 18, 299].map((index) => ({ index, origin: 'events/1/1', reason: 'refused', service: 'archiver' })),
    )
    expect(found[0]).toMatchObject({
      tenant: 'acme',
      record: lines[17],
      detail: expect.stringContaining('Too large value'),
    })
    expect(found[2]).toMatchObject({ tenant: '', record: 'not JSON' })
    expect(running.status().deadLetters).toBe(3)
    expect(await metrics.registry.metrics()).toContain(
      'moltwatch_dead_letters_total{service="archiver",reason="refused"} 3',
    )
  })

  it('says of unreadable records what is wrong with them, and stores what stands around them', async () => {
    const log = await openLog()
    const store = await warehouse()
    const torn = frameOf(0, 10).value
    const older = encodeFrameLines([lineOf(event(1))], { schema: EVENT_SCHEMA_VERSION + 1, receiptTime: 1 })
    const bad = [Buffer.from('garbage'), torn.subarray(0, torn.length - 5), older].map((value) => ({
      key: null,
      value,
    }))
    await log.append('events', 0, [...bad, frameOf(50, 60)])
    const broken = { ...finding(1), severity: 'awful' }
    await log.append(
      'findings',
      0,
      ['{', JSON.stringify(broken), JSON.stringify(finding(2))].map((text) => ({
        key: null,
        value: Buffer.from(text),
      })),
    )
    await log.append('dead-letters', 0, [{ key: null, value: Buffer.from('}{') }])
    await archiver(log, store).start()
    await expect.poll(() => letters(store)).toHaveLength(6)
    const found = await letters(store)
    expect(found.map(({ origin, reason }) => `${origin} ${reason}`)).toEqual([
      'dead-letters/0/0 malformed',
      'events/0/0 malformed',
      'events/0/1 malformed',
      'events/0/2 unsupported',
      'findings/0/0 malformed',
      'findings/0/1 invalid',
    ])
    expect(found.at(-1)).toMatchObject({ tenant: 'acme', detail: expect.stringContaining('/severity') })
    expect(await events(store)).toBe(10)
    expect((await stored(store, 'findings', 'id')).distinct).toBe(1)
  })

  it('stores frames of event schemas 1 and 2 in the columns of today', async () => {
    const log = await openLog()
    const store = await warehouse()
    const one = event(1)
    const since2 = new Set<string>(['content_id', 'time_ns', 'sequence', 'sender', 'session_derived'])
    const columns2 = EVENT_COLUMNS.filter(({ name }) => name !== 'call_record')
    const row = [...columns2.filter(({ name }) => !since2.has(name)).map(({ name }) => one[name as keyof Event]), '']
    const cut = row.slice(1)
    const second = columns2.map(({ name }) => one[name as keyof Event])
    const values = [
      encodeFrame([row], { schema: 1, receiptTime: 1 }),
      encodeFrame([cut], { schema: 1, receiptTime: 1 }),
      encodeFrame([second], { schema: 2, receiptTime: 1 }),
    ]
    await log.append('events', 0, [...values.map((value) => ({ key: null, value })), frame([lineOf(one)])])
    await archiver(log, store).start()
    // It came in the columns of each version, and is one event with one content.
    await expect.poll(() => stored(store, 'events', '(event_id, content_id)')).toEqual({ rows: 3, distinct: 1 })
    await expect.poll(() => letters(store)).toHaveLength(1)
    expect((await letters(store))[0]).toMatchObject({ reason: 'malformed', detail: expect.stringContaining('columns') })
  })

  it('keeps the dead letters of other services as they are', async () => {
    const log = await openLog()
    const store = await warehouse()
    const letter = {
      ...blankDeadLetter(),
      id: H('x'),
      tenant: 'acme',
      time: Date.now(),
      detail: 'no identity',
      record: '{}',
    }
    const records = [letter, letter].map((one) => ({ key: null, value: Buffer.from(JSON.stringify(one)) }))
    await log.append('dead-letters', 0, records)
    await archiver(log, store).start()
    await expect.poll(() => letters(store)).toHaveLength(1)
    expect((await letters(store))[0]).toMatchObject({ id: letter.id, detail: 'no identity', service: letter.service })
  })
})

describe('a warehouse that was lost', () => {
  const count = (of: Warehouse): Promise<number> => events(of).catch(() => -1)
  const whole = (log: Log, of: Warehouse): Warehouse =>
    wholeOnly(of, { log, clock: systemClock, metrics: createMetrics() })

  it('refuses questions, is filled again by itself, and then answers', async () => {
    const log = await openLog()
    await log.append('events', 0, [frameOf(0, 50)])
    await log.append('findings', 0, [{ key: 'acme', value: Buffer.from(JSON.stringify(finding(1))) }])
    const empty = await archiveAndDrop(log, 50)
    const asked = whole(log, empty)
    await expect(events(asked)).rejects.toMatchObject({
      code: 'incomplete',
      message: expect.stringContaining('0 % done'),
    })
    expect(asked.status()).toMatchObject({ state: 'down', reason: expect.stringContaining('filled again') })
    await log.append('events', 1, [frameOf(50, 60)])
    await archiver(log, empty).start()
    await expect.poll(() => count(asked)).toBe(60)
    expect((await stored(asked, 'findings', 'id')).distinct).toBe(1)
    expect(asked.status()).toEqual({ state: 'up', reason: '' })
  })

  it('tells since when it is whole where the log no longer reaches back, and answers', async () => {
    const directory = scratch()
    let now = Date.now() - 10 * 86_400_000
    const open = () => createSqliteLog({ directory, clock: { ...systemClock, now: () => now }, logger: silent })
    const log = await open()
    onTestFinished(() => log.close())
    await log.ensureTopics(topicSpecs(PARTITIONS))
    await log.append('events', 0, [frameOf(0, 50)])
    const empty = await archiveAndDrop(log, 50)
    const kept = (now += 10 * 86_400_000)
    await log.append('events', 0, [frameOf(50, 70)])
    await log.maintain()
    await archiver(log, empty).start()
    const asked = whole(log, empty)
    await expect.poll(() => count(asked)).toBe(20)
    expect(asked.status()).toEqual({ state: 'up', reason: '', wholeSince: kept })
  })

  it('is filled again while it runs: rows that are gone, and another one in its place', async () => {
    const log = await openLog()
    const behind = await door(scratch())
    const store = await warehouse({ kind: 'server', url: behind.url() })
    const running = archiver(log, store)
    await log.append('events', 0, [frameOf(0, 30)])
    await running.start()
    await expect.poll(() => events(store)).toBe(30)
    await expect.poll(() => log.committed('archiver', 'events', 0)).toBe(1)
    await behind.command('TRUNCATE TABLE events')
    await expect.poll(() => count(store)).toBe(30)
    await expect.poll(() => log.committed('archiver', 'events', 0)).toBe(1)
    await behind.command('DROP TABLE events')
    await behind.command('DROP TABLE archived')
    await behind.command('DROP TABLE migrations')
    await log.append('events', 0, [frameOf(30, 40)])
    await expect.poll(() => count(store)).toBe(40)
  })

  it('is filled again whole, although the run that noticed it still writes down what it stored before', async () => {
    const log = await openLog()
    const behind = await door(scratch())
    const store = await warehouse({ kind: 'server', url: behind.url() })
    const [blocked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let isHeld = false
    const slow: Warehouse = {
      ...store,
      async insert(table, lines) {
        if (isHeld && table === 'archived' && lines.includes('"events"')) {
          throw new WarehouseError('unavailable', 'planted')
        }
        if (isHeld && table === 'events' && lines.includes(event(30).event_id)) {
          blocked.resolve()
          await released.promise
        }
        return store.insert(table, lines)
      },
    }
    const running = archiver(log, slow)
    await log.append('events', 0, [frameOf(0, 30)])
    await running.start()
    await expect.poll(() => log.committed('archiver', 'events', 0)).toBe(1)
    // An empty table is noticed by itself once; what comes next is noticed by its generation alone.
    isHeld = true
    await behind.command('TRUNCATE TABLE events')
    await expect.poll(() => count(store)).toBe(30)
    await log.append('events', 0, [frameOf(30, 40)])
    await blocked.promise
    for (const table of ['events', 'archived', 'migrations']) await behind.command(`DROP TABLE ${table}`)
    isHeld = false
    // Longer than the time after which a run writes down how far it is, while its end waits for the insert.
    await sleep(LIMITS.archive_commit_every_ms + LIMITS.archive_drain_ms_max)
    released.resolve()
    await expect.poll(() => count(store)).toBe(40)
  })

  it('is not taken for whole by what was meant for the one before it', async () => {
    const log = await openLog()
    await log.append('events', 0, [frameOf(0, 30), frameOf(30, 40)])
    const another = await archiveAndDrop(log, 40)
    await another.insert('archived', Buffer.from('[1,"events",0,2,2,0]\n'))
    await another.insert('events', Buffer.from(`${lineOf(event(39))}\n`))
    const asked = whole(log, another)
    await expect(events(asked)).rejects.toMatchObject({ code: 'incomplete' })
    await archiver(log, another).start()
    await expect.poll(() => count(asked)).toBe(40)
  })

  it('that was filled before it wrote down how far is taken as it is', async () => {
    const log = await openLog()
    const behind = await door(scratch())
    const store = await warehouse({ kind: 'server', url: behind.url() })
    const first = archiver(log, store)
    await log.append('events', 0, [frameOf(0, 30)])
    await first.start()
    await expect.poll(() => log.committed('archiver', 'events', 0)).toBe(1)
    await first.stop()
    await behind.command('TRUNCATE TABLE archived')
    expect(await events(whole(log, store))).toBe(30)
    const second = archiver(log, store)
    await log.append('events', 0, [frameOf(30, 40)])
    await second.start()
    await expect.poll(() => events(whole(log, store))).toBe(40)
    // Rows can be seen before they are counted: a stop waits for both.
    await second.stop()
    expect(second.status().rows.events).toBe(10)
  })
})

describe('words', () => {
  it('are kept for three days, and for thirty where a finding names their event, whichever comes first', async () => {
    const log = await openLog()
    const store = await warehouse()
    await archiver(log, store).start()
    const receipt = Math.floor(Date.now() / 1000) * 1000
    const excerpt = (n: number) => ({
      key: null,
      value: Buffer.from(
        JSON.stringify({
          tenant: 'acme',
          event_id: H('event', String(n)),
          place: 0,
          kind: 'order',
          identity: 'agent-1',
          text: `Order ${n}.`,
          receipt_time: receipt,
        }),
      ),
    })
    const naming = (n: number) => ({
      key: 'acme',
      value: Buffer.from(
        JSON.stringify(
          finding(n, {
            evidence: [
              {
                event_id: H('event', String(n)),
                source_id: '',
                time: '2026-10-01T00:00:00.000Z',
                action: 'x',
                target: '',
              },
            ],
          }),
        ),
      ),
    })
    const days = async (): Promise<Record<string, number>> => {
      const rows = await store.ask<{ text: string; kept: string }>({
        name: 'words',
        sql: 'SELECT text, toUnixTimestamp(kept_until) AS kept FROM excerpts FINAL ORDER BY text',
        params: {},
      })
      return Object.fromEntries(rows.map(({ text, kept }) => [text, (Number(kept) * 1000 - receipt) / 86_400_000]))
    }
    await log.append('excerpts', 0, [
      excerpt(1),
      excerpt(2),
      { key: null, value: Buffer.from('{"text": "no excerpt"}') },
    ])
    await expect.poll(days).toEqual({ 'Order 1.': 3, 'Order 2.': 3 })
    await log.append('findings', 0, [naming(1), naming(3)])
    await expect.poll(days).toEqual({ 'Order 1.': 30, 'Order 2.': 3 })
    await log.append('excerpts', 1, [excerpt(3)])
    await expect.poll(days).toEqual({ 'Order 1.': 30, 'Order 2.': 3, 'Order 3.': 30 })
  })
})

describe('an identity that is forgotten', () => {
  const forgetting = (identity: string) => ({
    key: null,
    value: encodeControl({ type: 'forget', tenant: 'acme', key_kind: 'identity', key: identity }, 2_000),
  })
  const about = (n: number, agent: string, foundAt: number) => ({
    key: 'acme',
    value: Buffer.from(writeFindingRecord(finding(n, { agent }), { foundAt, agentSince: undefined })),
  })
  const rowsOf = async (of: Warehouse, identity: string): Promise<[events: number, findings: number]> => {
    const count = async (table: string, column: string): Promise<number> => {
      const sql = `SELECT count() AS n FROM ${table} WHERE ${column} = {identity:String}`
      const [row] = await of.ask<{ n: string }>({ name: 'rows', sql, params: { identity } })
      return Number(row?.n)
    }
    return [await count('events', 'identity'), await count('findings', 'agent')]
  }

  it('has no row from before, neither now nor when the warehouse is filled again, and those from after', async () => {
    const log = await openLog()
    await log.append('events', 0, [frameOf(0, 50)])
    await log.append('findings', 0, [about(1, 'agent-1', 1_000), about(2, 'agent-2', 1_000)])
    const store = await warehouse()
    const first = archiver(log, store)
    await first.start()
    await expect.poll(() => rowsOf(store, 'agent-1')).toEqual([10, 1])
    // The second frame stands behind the record in its partition, the late finding was found before it.
    await log.append('events', 0, [forgetting('agent-1'), frameOf(50, 55)])
    await expect.poll(() => rowsOf(store, 'agent-1')).toEqual([1, 0])
    await log.append('findings', 0, [about(3, 'agent-1', 1_500), about(4, 'agent-1', 2_500)])
    await expect.poll(() => rowsOf(store, 'agent-1')).toEqual([1, 1])
    expect(await rowsOf(store, 'agent-2')).toEqual([11, 1])
    await first.stop()
    await store.close()
    const again = await warehouse()
    await archiver(log, again).start()
    await expect.poll(() => rowsOf(again, 'agent-2')).toEqual([11, 1])
    await expect.poll(() => rowsOf(again, 'agent-1')).toEqual([1, 1])
  })
})

describe('when something fails', () => {
  it('fills a warehouse that was dropped, from the oldest record that the log holds, and counts once what is there', async () => {
    const log = await openLog()
    await log.append('events', 0, [frameOf(0, 50)])
    await log.append('findings', 0, [{ key: 'acme', value: Buffer.from(JSON.stringify(finding(1))) }])
    const empty = await archiveAndDrop(log, 50)
    for (const total of [60, 70]) {
      await log.append('events', 1, [frameOf(total - 10, total)])
      const rebuilding = archiver(log, empty, createMetrics(), true)
      await rebuilding.start()
      await expect.poll(() => events(empty)).toBe(total)
      await expect.poll(async () => (await stored(empty, 'findings', 'id')).distinct).toBe(1)
      await rebuilding.stop()
    }
  })

  it('fills a dropped warehouse also from a partition that moves away and back before it was read', async () => {
    const log = await openLog()
    await log.append('events', 1, [frameOf(0, 50)])
    const empty = await archiveAndDrop(log, 50)
    const taken = { one: Promise.withResolvers<void>(), two: Promise.withResolvers<void>() }
    const moved = Promise.withResolvers<void>()
    const one = archiver(
      skippingFirst(log, async () => {
        taken.one.resolve()
        await moved.promise
      }),
      empty,
      createMetrics(),
      true,
    )
    const two = archiver(
      skippingFirst(log, async () => taken.two.resolve()),
      empty,
      createMetrics(),
      true,
    )
    await one.start()
    await taken.one.promise
    await two.start()
    moved.resolve()
    await taken.two.promise
    await two.stop()
    await expect.poll(() => events(empty)).toBe(50)
  })

  it('goes on where it stopped: nothing is missing after restarts in the middle', async () => {
    const log = await openLog()
    const store = await warehouse()
    const running = archiver(log, store)
    let sent = 0
    for (let round = 0; round < 4; round++) {
      await running.start()
      for (let n = 0; n < 20; n++, sent += 10) await log.append('events', n % PARTITIONS, [frameOf(sent, sent + 10)])
      await running.stop()
      expect(running.status().state).toBe('stopped')
    }
    await running.start()
    await expect.poll(() => events(store)).toBe(sent)
  })

  it('keeps what was read while the warehouse is away, and stores it when that is back', async () => {
    const log = await openLog()
    const behind = await door(scratch())
    const store = await warehouse({ kind: 'server', url: behind.url() })
    const running = archiver(log, store)
    await running.start()
    await log.append('events', 0, [frameOf(0, 10)])
    await expect.poll(() => events(store)).toBe(10)
    await behind.shut()
    await log.append('events', 0, [frameOf(10, 20)])
    await log.append('findings', 0, [{ key: null, value: Buffer.from(JSON.stringify(finding(1))) }])
    await expect.poll(() => running.status()).toMatchObject({ state: 'waiting', lag: { events: 1, findings: 1 } })
    await behind.open()
    await expect.poll(() => events(store).catch(() => 0)).toBe(20)
    await expect
      .poll(() => running.status())
      .toMatchObject({ state: 'running', reason: '', lag: { events: 0, findings: 0 } })
  })

  it('reads no more than it may keep while the warehouse is away, and catches up after', async () => {
    const log = await openLog()
    const behind = await door(scratch())
    await behind.shut()
    const store = await warehouse({ kind: 'server', url: behind.url() })
    const running = archiver(log, store)
    await running.start()
    // Random text shrinks to its entropy: 64 frames of about 500 kB.
    const indicators = randomBytes(500_000).toString('base64')
    const frames = Array.from({ length: 64 }, (_, n) => frame([lineOf(event(n, { indicators: indicators.slice(n) }))]))
    await Promise.all(frames.map((one, n) => log.append('events', n % PARTITIONS, [one])))
    await expect.poll(() => running.status().waitingBytes).toBeGreaterThan(LIMITS.archive_waiting_bytes_max)
    const held = running.status().waitingBytes
    expect(held).toBeLessThan(LIMITS.archive_waiting_bytes_max + PARTITIONS * 2 * LIMITS.archive_batch_bytes_max)
    await behind.open()
    await expect.poll(() => events(store).catch(() => 0)).toBe(64)
    await expect.poll(() => running.status().waitingBytes).toBe(0)
  })

  it('stops while the warehouse is away, and the next one stores what it had read', async () => {
    const log = await openLog()
    const behind = await door(scratch())
    await behind.shut()
    const store = await warehouse({ kind: 'server', url: behind.url() })
    const first = archiver(log, store)
    await first.start()
    await log.append('events', 2, [frameOf(0, 25)])
    await expect.poll(() => first.status().state).toBe('waiting')
    await first.stop()
    await behind.open()
    const second = archiver(log, store)
    await second.start()
    await expect.poll(() => events(store).catch(() => 0)).toBe(25)
  })

  it('stores rows once when the answer to an insert is lost', async () => {
    const log = await openLog()
    const behind = await door(scratch())
    const store = await warehouse({ kind: 'server', url: behind.url() })
    behind.loseAnswerOf('INSERT INTO `events`')
    await log.append('events', 0, [frameOf(0, 30)])
    await archiver(log, store).start()
    await expect.poll(() => behind.seen('INSERT INTO `events`')).toBe(2)
    await expect
      .poll(() => stored(store, 'events', 'event_id').catch(() => undefined))
      .toEqual({ rows: 30, distinct: 30 })
  })
})
