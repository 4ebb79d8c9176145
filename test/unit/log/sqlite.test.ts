/** What the embedded log does beyond the contract: one process per directory, bounded memory, limits, a disk that waits. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogRoom, DAY_MS, type LogRoom, spec } from '../../support/sqlite-log.ts'
import { readAll, readTexts, record, recordTopics, until } from '../../conformance/log-support.ts'

let room: LogRoom
beforeEach(() => {
  room = createLogRoom()
})
afterEach(() => room.clear())

/** What the database has grown to, whether or not its file holds all of the write-ahead log yet. */
function bytesOfDatabase(): number {
  const other = new DatabaseSync(room.file)
  const { pages, bytes } = other
    .prepare('SELECT page_count AS pages, page_size AS bytes FROM pragma_page_count, pragma_page_size')
    .get() as { pages: number; bytes: number }
  other.close()
  return pages * bytes
}

/** Holds the write lock as another program would: commits wait, as they do for a slow disk. */
function stallCommits(): { release(): void } {
  const other = new DatabaseSync(room.file)
  other.exec('BEGIN IMMEDIATE')
  return {
    release() {
      other.exec('COMMIT')
      other.close()
    },
  }
}

describe('a data directory', () => {
  it('belongs to one log at a time, in this process too', async () => {
    const log = await room.open()
    await expect(room.open()).rejects.toMatchObject({
      code: 'log_unavailable',
      message: expect.stringContaining(`${room.directory} is in use by process ${process.pid}`),
    })
    await log.close()
    expect(await (await room.open()).health()).toEqual({ ok: true })
  })

  it('that another process holds is refused with the number of that process', async () => {
    await room.open()
    const child = spawn(process.execPath, [fileURLToPath(new URL('./open-log.ts', import.meta.url)), room.directory])
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
    expect(said).toContain(`log_unavailable ${room.directory} is in use by process ${process.pid}`)
  })
})

describe('the write-ahead log', () => {
  it('is copied into the database while the writer is far from having to do so', async () => {
    const log = await room.open()
    await log.ensureTopics([spec('events')])
    // A third of what makes the writer copy it.
    for (let n = 0; n < 40; n++) await log.append('events', 0, [record('x'.repeat(64 * 1024))])
    await until(() => statSync(room.file).size > 1_000_000)
    expect((await readTexts(log, 'events')).length).toBe(40)
  })
})

describe('a disk that keeps commits waiting', () => {
  it('stops neither the event loop nor consumers nor reads', async () => {
    const log = await room.open()
    await log.ensureTopics([spec('events'), spec('signals')])
    await log.append('events', 0, [record('durable')])
    const stall = stallCommits()
    let durable = false
    const append = async (): Promise<void> => {
      await log.append('signals', 0, [record('waits')])
      durable = true
    }
    const waiting = append()
    const recording = await recordTopics(log, ['events', 'signals'])
    await until(() => recording.texts(0).length === 1)
    expect(await readTexts(log, 'events')).toEqual(['durable'])
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
    // Nothing is answered and nothing is delivered before it is durable.
    expect(durable).toBe(false)
    expect(recording.texts(0, 'signals')).toEqual([])
    stall.release()
    await waiting
    await until(() => recording.texts(0, 'signals').length === 1)
  })

  it('is reported when it does not answer at all', async () => {
    const log = await room.open()
    await log.ensureTopics([spec('events')])
    const stall = stallCommits()
    const waiting = log.append('events', 0, [record('waits')])
    await Promise.resolve()
    // Somebody sets the clock: that alone is no sign of the disk.
    room.advance(60_000)
    expect(await log.health()).toEqual({ ok: true })
    room.pass(60_000)
    expect(await log.health()).toMatchObject({ ok: false, reason: expect.stringContaining('not answered') })
    stall.release()
    await waiting
    expect(await log.health()).toEqual({ ok: true })
  })

  it('refuses appends beyond what may wait, topic by topic, and loses none that it took', async () => {
    const log = await room.open({ pendingBytesMax: 10_000 })
    await log.ensureTopics([spec('events'), spec('signals')])
    const stall = stallCommits()
    const value = (i: number): string => `${i} `.padEnd(1_000, 'x')
    const flood = Array.from({ length: 25 }, (_, i) => log.append('events', 0, [record(value(i))]))
    const other = log.append('signals', 0, [record('not part of the flood')])
    const refused = (await Promise.allSettled(flood.slice(10))).map((result) => result.status)
    expect(new Set(refused)).toEqual(new Set(['rejected']))
    await expect(flood[24]).rejects.toMatchObject({ code: 'log_unavailable', retriable: true })
    stall.release()
    await Promise.all([...flood.slice(0, 10), other])
    expect(await readTexts(log, 'events')).toEqual(Array.from({ length: 10 }, (_, i) => value(i)))
    await log.append('events', 0, [record('room again')])
    await expect(log.append('events', 0, [record('x'.repeat(10_001))])).rejects.toMatchObject({
      code: 'record_too_large',
    })
  })
})

describe('a database that has reached its size limit', () => {
  it('refuses appends readably, keeps what it has, and takes appends again once retention has made room', async () => {
    const log = await room.open({ databaseBytesMax: 2 * 1024 * 1024 })
    await log.ensureTopics([spec('events')])
    const taken: number[] = []
    let refusal: unknown
    while (refusal === undefined) {
      try {
        taken.push(await log.append('events', 0, [record('x'.repeat(100_000))]))
      } catch (error) {
        refusal = error
      }
    }
    expect(refusal).toMatchObject({ code: 'log_unavailable', message: expect.stringContaining('disk is full') })
    expect(await log.health()).toMatchObject({ ok: false, reason: expect.stringContaining(room.file) })
    expect((await readAll(log, 'events')).map(({ offset }) => offset)).toEqual(taken)
    room.advance(DAY_MS + 1)
    await log.maintain()
    expect(await log.health()).toEqual({ ok: true })
    expect(await log.append('events', 0, [record('room again')])).toBe(taken.length)
  })
})

describe('a limit on kept bytes', () => {
  it('removes the oldest records over all partitions and nothing of compacted topics', async () => {
    const log = await room.open({ retentionBytesMax: 300_000 })
    await log.ensureTopics([spec('events', 2), spec('state', 1, 'compact')])
    await log.append('state', 0, [record('y'.repeat(100_000), 'a')])
    for (let i = 0; i < 20; i++) {
      room.advance(1_000)
      await log.append('events', i % 2, [record('x'.repeat(30_000))])
    }
    await log.maintain()
    const left = [...(await readAll(log, 'events', 0)), ...(await readAll(log, 'events', 1))]
    expect(left.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual([5, 5, 6, 6, 7, 7, 8, 8, 9, 9])
    expect(await log.bounds('events', 0)).toEqual({ start: 5, end: 10 })
    expect(await readAll(log, 'state')).toHaveLength(1)
  })

  it('counts what an earlier run left', async () => {
    const before = await room.open()
    await before.ensureTopics([spec('events')])
    await before.append(
      'events',
      0,
      Array.from({ length: 20 }, () => record('x'.repeat(10_000), 'key')),
    )
    await before.close()
    const log = await room.open({ retentionBytesMax: 100_000 })
    await log.maintain()
    expect(await log.bounds('events', 0)).toEqual({ start: 11, end: 20 })
  })

  it('gives the space back to the disk when it is lowered', async () => {
    let bytesMax: number | null = null
    const log = await room.open({ retentionBytesMax: () => bytesMax })
    await log.ensureTopics([spec('events')])
    for (let i = 0; i < 40; i++) await log.append('events', 0, [record('x'.repeat(1_000_000))])
    await log.maintain()
    const before = bytesOfDatabase()
    bytesMax = 2_000_000
    await log.maintain()
    await log.append('events', 0, [record('one more')])
    expect((await log.bounds('events', 0)).start).toBe(38)
    await log.close()
    expect(before).toBeGreaterThan(39_000_000)
    expect(statSync(room.file).size).toBeLessThan(20_000_000)
  })
})

describe('maintenance', () => {
  it('runs by itself', async () => {
    const log = await room.open({ maintenanceEveryMs: 5 })
    await log.ensureTopics([spec('events')])
    await log.append('events', 0, [record('old')])
    room.advance(DAY_MS + 1)
    while ((await log.bounds('events', 0)).start === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await readTexts(log, 'events')).toEqual([])
  })

  it('lets appends through while it removes much', async () => {
    const log = await room.open()
    await log.ensureTopics([spec('events'), spec('state', 1, 'compact')])
    const during: number[] = []
    // How much takes a while is the machine's business: until appends were answered meanwhile, the next round has more. One
    // may be answered before the log begins, one as it ends, and the last one is answered after it.
    const old = Array.from({ length: 600 }, (_, i) => record('x'.repeat(4_000), `${i % 3}`))
    for (let times = 2; during.length <= 3; times *= 2) {
      for (let i = 0; i < times; i++) for (const topic of ['events', 'state']) await log.append(topic, 0, old)
      room.advance(DAY_MS + 1)
      during.length = 0
      let under = true
      const maintaining = log.maintain().finally(() => {
        under = false
      })
      while (under) during.push(await log.append('events', 0, [record('meanwhile')]))
      await maintaining
    }
    expect((await readAll(log, 'events')).map(({ offset }) => offset)).toEqual(during)
    expect((await readAll(log, 'state')).map(({ key }) => key ?? '').sort((a, b) => a.localeCompare(b))).toEqual([
      '0',
      '1',
      '2',
    ])
  })
})
