/** Events of files in any order come to the detectors in the order of time; those of files in order come as they stand there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blankEvent, type Event } from '../../../schemas/event.ts'
import { rowsByTime, type TimedBlock } from '../../../services/commands/import/by-time.ts'
import { importFiles } from '../../../services/commands/import/import.ts'
import {
  type PackedBlock,
  packEvents,
  rowsIn,
  soundTime,
  unpackRows,
} from '../../../services/commands/import/packed.ts'

const T0 = Date.UTC(2026, 3, 1)
const HOUR_MS = 3_600_000

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'moltwatch-by-time-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Hours after T0, or an event without a time of its own. */
const hours = fc.option(fc.nat(30), { nil: undefined, freq: 5 })

function eventAt(hour: number | undefined, id: string): Event {
  const own = hour === undefined ? ({ time: T0, time_flag: 'missing' } as const) : { time: T0 + hour * HOUR_MS }
  return { ...blankEvent(), time_flag: 'ok', source_id: id, ...own }
}

const asTimed = ({ bytes, earliest }: PackedBlock): TimedBlock => ({ earliest, rows: () => rowsIn(bytes) })

describe('rows by time', () => {
  it('are all there, in order, those of one time as they came', () => {
    fc.assert(
      fc.property(fc.array(fc.array(hours, { minLength: 1, maxLength: 12 }), { maxLength: 12 }), (given) => {
        const blocks = given.map(
          (times, n) => packEvents(times.map((hour, i) => eventAt(hour, `${n} ${i}`))).blocks[0]!,
        )
        const sorted = [...rowsByTime(blocks.map(asTimed))].flat()
        // What the file order would give, each row with the time that it stands by, sorted by a stable sort.
        const expected = blocks.flatMap(({ bytes, earliest }) => {
          let time = earliest
          return rowsIn(bytes).map((row) => ({ time: (time = soundTime(row) ?? time), row }))
        })
        expected.sort((a, b) => a.time - b.time)
        expect(sorted).toEqual(expected.map(({ row }) => row))
      }),
    )
  })

  it('lack none where the files are in no order at all and too many to be held', () => {
    const blocks = Array.from({ length: 80 }, (_, n) => {
      const events = Array.from({ length: 2_000 }, (_, i) => eventAt((i * 7_919 + n) % 2_000, `${n} ${i}`))
      return packEvents(events).blocks[0]!
    })
    let count = 0
    let ascents = 0
    let last = 0
    for (const rows of rowsByTime(blocks.map(asTimed))) {
      for (const row of rows) {
        const time = soundTime(row) ?? 0
        if (time >= last) ascents++
        last = time
        count++
      }
    }
    expect(count).toBe(160_000)
    expect(ascents).toBeGreaterThan(0.99 * count)
  })
})

describe('a file', () => {
  const lines = Array.from({ length: 9_000 }, (_, n) =>
    JSON.stringify({
      id: `${n}`,
      time: T0 + n * 60_000,
      identity: `agent-${n % 3}`,
      action: 'read',
      arguments: { note: 'x'.repeat(600) },
    }),
  )
  async function idsIn(name: string, text: string) {
    const path = join(directory, name)
    writeFileSync(path, text)
    const { spool } = await importFiles([path], 'events')
    const ids = [...spool.blocks()]
      .flatMap((block) => unpackRows(block, spool.receiptTime()))
      .map((row) => row.find((value) => typeof value === 'string' && /^\d+$/.test(value)))
    return { ids, isSorted: spool.isSorted }
  }

  it('with the newest first gives what the same file in order gives', async () => {
    const forwards = await idsIn('forwards.ndjson', lines.join('\n'))
    expect(forwards.isSorted).toBe(false)
    expect(forwards.ids).toEqual(lines.map((_, n) => String(n)))
    expect(await idsIn('backwards.ndjson', lines.toReversed().join('\n'))).toEqual({ ...forwards, isSorted: true })
  })

  it('whose lines are little out of order is left as it is', async () => {
    const swapped = lines.map((_, n) => lines[n % 2 === 0 ? n + 1 : n - 1] ?? '')
    expect((await idsIn('swapped.ndjson', swapped.join('\n'))).isSorted).toBe(false)
  })
})
