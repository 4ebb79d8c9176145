/**
 * Fault 19: bytes of the embedded log's files are cut or flipped. The start is refused, or a read is, with the file's
 * name; or the end of what was not yet in the database is cut. What is read is never something else than was written.
 */
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogError, type RecordInput } from '../../../services/lib/log/port.ts'
import { readAll, record, recordTopics, tombstone, until } from '../../conformance/log-support.ts'
import { createLogRoom, DAY_MS, type LogRoom, spec } from '../../support/sqlite-log.ts'

let room: LogRoom
beforeEach(() => {
  room = createLogRoom()
})
afterEach(() => room.clear())

const MARK = 'a value that can be found in the file'

/** A log with all that it stores: records of both kinds, tombstones, trimmed partitions, offsets of groups. */
async function fill(into: LogRoom): Promise<Map<string, RecordInput[]>> {
  const log = await into.open()
  await log.ensureTopics([spec('events', 2), spec('state', 1, 'compact')])
  await log.append('events', 0, [record('old'), record('old too')])
  into.advance(DAY_MS + 1)
  await log.maintain()
  const written = new Map<string, RecordInput[]>([
    ['events/0', Array.from({ length: 30 }, (_, i) => record(`${MARK} ${i}`, i % 2 === 0 ? null : `key ${i}`))],
    ['events/1', [record('x'.repeat(30_000)), record('')]],
    ['state/0', [record('a1', 'a'), record('b1', 'b'), tombstone('c'), record('a2', 'a')]],
  ])
  for (const [place, records] of written) {
    const [topic, partition] = place.split('/')
    for (const one of records) await log.append(topic!, Number(partition), [one])
  }
  const { consumer } = await recordTopics(log, ['events'], { group: 'archiver', from: 'latest' })
  await consumer.commit('events', 0, 12)
  return written
}

interface Findings {
  /** By topic/partition: what could be read. */
  readonly read: Map<string, RecordInput[]>
  readonly refusals: unknown[]
}

async function readEverything(from: LogRoom): Promise<Findings> {
  const findings: Findings = { read: new Map(), refusals: [] }
  try {
    const log = await from.open()
    for (const place of ['events/0', 'events/1', 'state/0']) {
      const [topic, partition] = place.split('/')
      try {
        const records = await readAll(log, topic!, Number(partition))
        findings.read.set(
          place,
          records.map(({ key, value }) => ({ key, value })),
        )
      } catch (error) {
        findings.refusals.push(error)
      }
    }
    await log.close()
  } catch (error) {
    findings.refusals.push(error)
  }
  return findings
}

function flip(file: string, share: number, bit: number): void {
  const bytes = readFileSync(file)
  const at = Math.floor(share * bytes.length)
  bytes[at] = bytes[at]! ^ (1 << bit)
  writeFileSync(file, bytes)
}

async function fillAndClose(): Promise<Map<string, RecordInput[]>> {
  const written = await fill(room)
  await room.closeAll()
  return written
}

describe('a damaged database is refused at the start, by name', () => {
  const damages: [string, (file: string) => void][] = [
    [
      'a header of something else',
      (file) => writeFileSync(file, Buffer.concat([Buffer.alloc(100, 'no'), readFileSync(file).subarray(100)])),
    ],
    ['cut in half', (file) => truncateSync(file, readFileSync(file).length / 2)],
    ['cut within a page', (file) => truncateSync(file, readFileSync(file).length - 100)],
    ['cut to nothing', (file) => truncateSync(file, 0)],
    ['deleted', (file) => rmSync(file)],
    [
      "another program's database",
      (file) => {
        rmSync(file)
        const other = new DatabaseSync(file)
        other.exec('CREATE TABLE theirs (id)')
        other.close()
      },
    ],
    [
      'of a later layout',
      (file) => {
        const ours = new DatabaseSync(file)
        ours.exec('PRAGMA user_version = 99')
        ours.close()
      },
    ],
  ]
  it.each(damages)('%s', async (_, damage) => {
    await fillAndClose()
    damage(room.file)
    await expect(room.open()).rejects.toMatchObject({
      code: 'log_corrupt',
      retriable: false,
      message: expect.stringContaining(room.file),
    })
  })
})

describe('a flipped bit in a value', () => {
  it('stops readers and consumers with its place, and leaves the other partitions alone', async () => {
    await fillAndClose()
    const bytes = readFileSync(room.file)
    const at = bytes.indexOf(`${MARK} 17`)
    bytes[at] = bytes[at]! ^ 1
    writeFileSync(room.file, bytes)
    const log = await room.open()
    const refusal = { code: 'log_corrupt', message: expect.stringContaining('events/0, offset 19') }
    await expect(readAll(log, 'events', 0)).rejects.toMatchObject(refusal)
    expect(await readAll(log, 'events', 1)).toHaveLength(2)
    const recording = await recordTopics(log, ['events'], { batchRecordsMax: 5 })
    await until(() => recording.stopped.length > 0)
    expect(recording.stopped).toMatchObject([refusal])
    expect(Math.max(...recording.offsets(0))).toBeLessThan(19)
  })
})

describe('a flipped bit anywhere', () => {
  /** Runs one damage on a copy, so that all runs share one filled log. */
  async function damagedCopy(files: readonly string[], damage: (copy: LogRoom) => void): Promise<Findings> {
    const copy = createLogRoom()
    try {
      for (const name of files) copyFileSync(join(room.directory, name), join(copy.directory, name))
      damage(copy)
      return await readEverything(copy)
    } finally {
      await copy.clear()
    }
  }

  const refusalsAreReadable = (refusals: readonly unknown[]): void => {
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(LogError)
      expect(refusal).toMatchObject({ code: 'log_corrupt', message: expect.stringContaining('log.sqlite') })
    }
  }

  it('of the database is refused or changes nothing', async () => {
    const written = await fillAndClose()
    const bit = fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7))
    await fc.assert(
      fc.asyncProperty(bit, async ([share, which]) => {
        const { read, refusals } = await damagedCopy(['log.sqlite', 'lock.sqlite'], (copy) =>
          flip(copy.file, share, which),
        )
        refusalsAreReadable(refusals)
        for (const [place, records] of read) expect(records).toEqual(written.get(place))
      }),
      { numRuns: 30 },
    )
  })

  it('of the write-ahead log cuts its tail: what is left is a beginning of what was written', async () => {
    const written = await fill(room)
    expect(existsSync(`${room.file}-wal`)).toBe(true)
    const files = ['log.sqlite', 'log.sqlite-wal', 'lock.sqlite']
    const bit = fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7))
    await fc.assert(
      fc.asyncProperty(bit, async ([share, which]) => {
        const { read, refusals } = await damagedCopy(files, (copy) => flip(`${copy.file}-wal`, share, which))
        // The topics may not be there any more: they were written first.
        const damage = refusals.filter((refusal) => !String(refusal).includes('does not exist'))
        refusalsAreReadable(damage)
        for (const [place, records] of read) {
          const whole = place === 'events/0' ? [record('old'), record('old too')] : []
          const before = [whole.slice(0, records.length), written.get(place)!.slice(0, records.length)]
          expect(before).toContainEqual(records)
        }
      }),
      { numRuns: 20 },
    )
  })
})
