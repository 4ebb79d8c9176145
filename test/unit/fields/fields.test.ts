/** State fields: what each promises about order, bounds and its neighbours in the table. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COLUMN_BYTES, type ColumnArray, type Cursor, type Field } from '../../../detectors/lib/columns.ts'
import { counts } from '../../../detectors/lib/counts.ts'
import { evidenceList } from '../../../detectors/lib/evidence.ts'
import {
  counter,
  decayedCount,
  distinct,
  earliest,
  real,
  recentSet,
  SHORT_MAX,
  short,
  small,
} from '../../../detectors/lib/fields.ts'
import { seenFilter } from '../../../detectors/lib/filter.ts'
import { list } from '../../../detectors/lib/list.ts'
import { decayedProfile } from '../../../detectors/lib/profile.ts'
import { noveltyRate } from '../../../detectors/lib/rate.ts'
import { hash32 } from '../../../schemas/ids.ts'

const MAKE = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array }
const ROWS = 3

/** A field's handle on a table of its own with three rows; `at` moves to another row. */
function lay<H>(field: Field<H>): { handle: H; cursor: Cursor; columns: ColumnArray[] } {
  const columns = Object.values(field.columns).map(({ type, length }) => new MAKE[type](length * ROWS))
  const cursor: Cursor = { chunk: columns, slot: 1 }
  return { handle: field.bind(cursor, 0), cursor, columns }
}
const contentOf = (columns: readonly ColumnArray[]): unknown => columns.map((column) => [...column])

const HOUR = 3_600_000
const DAY = 24 * HOUR
const times = fc.integer({ min: 1, max: 30 * DAY })
const prints = fc.integer({ min: 0, max: 0xffff_ffff })

/** The same additions in two orders. */
const inTwoOrders = <T>(item: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<{ a: T[]; b: T[] }> =>
  fc
    .array(item, { minLength: 1, maxLength })
    .chain((a) => fc.shuffledSubarray(a, { minLength: a.length }).map((b) => ({ a, b })))

describe('every field', () => {
  const fields: readonly (readonly [string, Field, (handle: never, n: number) => void])[] = [
    ['counter', counter(), (h: { value: number }, n) => (h.value = n)],
    ['short', short(), (h: { value: number }, n) => (h.value = n)],
    ['counts', counts(3), (h: { add(k: number): void }, n) => h.add(n % 3)],
    ['small', small(), (h: { value: number }, n) => (h.value = n % 256)],
    ['real', real(), (h: { value: number }, n) => (h.value = n / 3)],
    ['decayedCount', decayedCount({ halfLifeMs: DAY }), (h: { add(t: number): void }, n) => h.add(n * HOUR)],
    ['noveltyRate', noveltyRate({ halfLifeMs: DAY }), (h: { add(t: number): void }, n) => h.add((n + 1) * HOUR)],
    ['recentSet', recentSet({ size: 4 }), (h: { use(p: number): void }, n) => h.use(n)],
    [
      'earliest',
      earliest({ size: 4 }),
      (h: { add(p: number, t: number, u: number): void }, n) => h.add(n, n * HOUR, n),
    ],
    ['distinct', distinct({ exact: 4, registers: 128 }), (h: { add(p: number): void }, n) => h.add(hash32(`${n}`))],
    ['seenFilter', seenFilter({ bytes: 8 }), (h: { add(p: number): void }, n) => h.add(hash32(`${n}`))],
    [
      'decayedProfile',
      decayedProfile({ halfLifeMs: DAY, dimensions: 2 }),
      (h: { add(x: number[], t: number): void }, n) => h.add([n, n], n * HOUR),
    ],
    [
      'evidenceList',
      evidenceList({ bytes: 300 }),
      (h: { add(e: object): void }, n) =>
        h.add({ event_id: `${n}`, source_id: 's', time: 't', action: 'ä', target: '' }),
    ],
    ['list', list({ cap: 3, columns: { x: 'u32' } }), (h: { push(): number }) => h.push()],
  ]

  it.each(fields)('%s keeps to its own row', (_name, field, touch) => {
    const { handle, cursor, columns } = lay(field)
    for (let n = 1; n <= 20; n++) touch(handle as never, n)
    const bytes = Object.values(field.columns)
    columns.forEach((column, i) => {
      const length = (bytes[i] as { length: number }).length
      expect([...column.subarray(0, length)].every((x) => x === 0)).toBe(true)
      expect([...column.subarray(2 * length)].every((x) => x === 0)).toBe(true)
    })
    expect(columns.some((column) => [...column].some((x) => x !== 0))).toBe(true)
    cursor.slot = 2
    touch(handle as never, 1)
    expect(columns.reduce((sum, column) => sum + column.byteLength, 0)).toBe(
      ROWS * bytes.reduce((sum, { type, length }) => sum + COLUMN_BYTES[type] * length, 0),
    )
  })
})

describe('earliest', () => {
  const entry = fc.record({
    print: fc.integer({ min: 1, max: 12 }),
    time: fc.integer({ min: 1, max: 20 }),
    tie: prints,
  })

  it('holds the same whatever the order', () => {
    fc.assert(
      fc.property(inTwoOrders(entry, 40), fc.integer({ min: 1, max: 21 }), prints, ({ a, b }, time, tie) => {
        const one = lay(earliest({ size: 4 })).handle
        const two = lay(earliest({ size: 4 })).handle
        for (const { print, time: t, tie: u } of a) one.add(print, t, u)
        for (const { print, time: t, tie: u } of b) two.add(print, t, u)
        expect(one.size).toBe(two.size)
        for (let except = 0; except <= 12; except++) {
          expect(one.countBefore(time, tie, except)).toBe(two.countBefore(time, tie, except))
        }
      }),
    )
  })

  it('counts what a plain set counts, up to its size', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), fc.integer({ min: 1, max: 21 }), prints, (entries, time, tie) => {
        const { handle } = lay(earliest({ size: 4 }))
        for (const e of entries) handle.add(e.print, e.time, e.tie)
        const before = new Set(
          entries.filter((e) => e.time < time || (e.time === time && e.tie < tie)).map((e) => e.print),
        )
        expect(handle.countBefore(time, tie, 0)).toBe(Math.min(4, before.size))
      }),
    )
  })
})

describe('distinct', () => {
  it('counts the same whatever the order and however often', () => {
    fc.assert(
      fc.property(inTwoOrders(prints, 300), ({ a, b }) => {
        const one = lay(distinct({ exact: 8, registers: 128 })).handle
        const two = lay(distinct({ exact: 8, registers: 128 })).handle
        for (const print of a) one.add(print)
        for (const print of [...b, ...b]) two.add(print)
        expect(one.count).toBe(two.count)
      }),
    )
  })

  it('only grows, and is exact as long as it can be', () => {
    fc.assert(
      fc.property(fc.array(prints, { maxLength: 400 }), (all) => {
        const { handle } = lay(distinct({ exact: 16, registers: 128 }))
        const seen = new Set<number>()
        let before = 0
        for (const print of all) {
          handle.add(print)
          seen.add(print === 0 ? 1 : print)
          expect(handle.count).toBeGreaterThanOrEqual(before)
          if (seen.size < 16) expect(handle.count).toBe(seen.size)
          before = handle.count
        }
      }),
      { numRuns: 50 },
    )
  })

  it('estimates large sets within four of its standard errors', () => {
    for (const size of [100, 1_000, 20_000, 500_000]) {
      const { handle } = lay(distinct({ exact: 32, registers: 512 }))
      for (let n = 0; n < size; n++) handle.add(hash32(`agent-${n}`))
      expect(Math.abs(handle.count - size) / size).toBeLessThan((4 * 1.04) / Math.sqrt(512))
    }
  })
})

describe('decayed fields', () => {
  const seen = fc.record({ time: times, weight: fc.integer({ min: 1, max: 10 }) })

  it('count the same whatever the order, up to rounding', () => {
    fc.assert(
      fc.property(inTwoOrders(seen, 50), ({ a, b }) => {
        const one = lay(decayedCount({ halfLifeMs: DAY })).handle
        const two = lay(decayedCount({ halfLifeMs: DAY })).handle
        for (const { time, weight } of a) one.add(time, weight)
        for (const { time, weight } of b) two.add(time, weight)
        const end = 31 * DAY
        expect(Math.abs(one.at(end) - two.at(end))).toBeLessThanOrEqual(1e-5 * Math.max(1e-3, one.at(end)))
      }),
    )
  })

  it('halve in one half-life', () => {
    const { handle } = lay(decayedCount({ halfLifeMs: DAY }))
    handle.add(DAY, 8)
    expect(handle.at(2 * DAY)).toBeCloseTo(4, 6)
    expect(handle.at(4 * DAY)).toBeCloseTo(1, 6)
  })

  it('learn mean and variance as their weighted sums say, late values included', () => {
    // The profile keeps whole minutes.
    const minutes = fc.integer({ min: 1, max: 30 * 24 * 60 }).map((n) => n * 60_000)
    const value = fc.record({ time: minutes, x: fc.integer({ min: 0, max: 200 }) })
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (values) => {
        const profile = lay(decayedProfile({ halfLifeMs: 5 * DAY, dimensions: 2 })).handle
        for (const { time, x } of values) {
          profile.add([x, 2 * x], time)
        }
        const newestTime = Math.max(...values.map((v) => v.time))
        const weights = values.map((v) => 2 ** ((v.time - newestTime) / (5 * DAY)))
        const total = weights.reduce((s, w) => s + w, 0)
        const mean = values.reduce((s, v, i) => s + v.x * (weights[i] as number), 0) / total
        const variance = values.reduce((s, v, i) => s + (v.x - mean) ** 2 * (weights[i] as number), 0) / total
        expect(profile.weightAt(newestTime)).toBeCloseTo(total, 3)
        expect(profile.mean(0)).toBeCloseTo(mean, 2)
        expect(profile.mean(1)).toBeCloseTo(2 * mean, 2)
        expect(Math.abs(profile.variance(1) - 4 * variance)).toBeLessThan(4e-3 * (1 + variance + mean * mean))
        const peak = Math.max(...values.map((v, i) => v.x * (weights[i] as number)))
        expect(Math.abs(profile.peak(0) - peak)).toBeLessThan(1e-3 * (1 + peak))
      }),
    )
  })
})

describe('short', () => {
  it('keeps more than it can hold as the most that it can', () => {
    const { handle } = lay(short())
    handle.value = SHORT_MAX + 5
    expect(handle.value).toBe(SHORT_MAX)
    handle.value++
    expect(handle.value).toBe(SHORT_MAX)
  })
})

describe('counts', () => {
  it('halves all where one is full, and keeps what is set within a byte', () => {
    const { handle } = lay(counts(2))
    handle.set(1, 80)
    for (let n = 0; n < 256; n++) handle.add(0)
    expect([handle.at(0), handle.at(1), handle.total, handle.length]).toEqual([128, 40, 168, 2])
    handle.set(0, 999.7)
    handle.set(1, -3)
    expect([handle.at(0), handle.at(1)]).toEqual([255, 0])
  })
})

describe('recentSet', () => {
  it('holds the last different ones in the order of their use', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), (uses) => {
        const { handle } = lay(recentSet({ size: 4 }))
        let model: number[] = []
        for (const print of uses) {
          expect(handle.use(print)).toBe(model.includes(print))
          model = [print, ...model.filter((p) => p !== print)].slice(0, 4)
          for (let p = 1; p <= 9; p++) expect(handle.has(p)).toBe(model.includes(p))
          expect(handle.size).toBe(model.length)
        }
      }),
    )
  })
})

describe('seenFilter', () => {
  it('never calls new what it has seen', () => {
    fc.assert(
      fc.property(fc.array(prints, { maxLength: 100 }), (all) => {
        const { handle } = lay(seenFilter({ bytes: 32 }))
        for (const print of all) handle.add(print)
        for (const print of all) expect(handle.has(print)).toBe(true)
      }),
    )
  })

  it('calls new what is new about as often as its docstring says, whatever the order', () => {
    const one = lay(seenFilter({ bytes: 32 }))
    const two = lay(seenFilter({ bytes: 32 }))
    const words = Array.from({ length: 30 }, (_, n) => hash32(`action-${n}`))
    for (const word of words) one.handle.add(word)
    for (const word of words.toReversed()) two.handle.add(word)
    expect(contentOf(one.columns)).toEqual(contentOf(two.columns))
    const wrong = Array.from({ length: 10_000 }, (_, n) => one.handle.has(hash32(`other-${n}`))).filter(Boolean).length
    expect(wrong / 10_000).toBeGreaterThan(0.06)
    expect(wrong / 10_000).toBeLessThan(0.16)
  })
})

describe('evidenceList', () => {
  it('keeps what it was given, in order, within its bytes', () => {
    const word = fc.string({ maxLength: 40, unit: 'binary' })
    const evidence = fc.record({ event_id: word, source_id: word, time: word, action: word, target: word })
    fc.assert(
      fc.property(fc.array(evidence, { maxLength: 12 }), (all) => {
        const { handle } = lay(evidenceList({ bytes: 600 }))
        const kept = all.filter((e) => handle.add(e) >= 0)
        expect(handle.length).toBe(kept.length)
        expect(handle.list()).toEqual(kept)
      }),
    )
  })
})

describe('list', () => {
  it('refuses beyond its cap and starts zeroed after it was cleared', () => {
    const { handle } = lay(list({ cap: 2, columns: { x: 'u32', words: { type: 'u32', length: 3 } } }))
    expect([handle.push(), handle.push(), handle.push()]).toEqual([0, 1, -1])
    handle.set('words', 1, 7, 2)
    handle.set('x', 1, 9)
    expect([handle.get('words', 1, 2), handle.get('words', 1, 1), handle.get('x', 1), handle.get('x', 0)]).toEqual([
      7, 0, 9, 0,
    ])
    handle.clear()
    expect([handle.length, handle.push(), handle.push(), handle.get('words', 1, 2)]).toEqual([0, 0, 1, 0])
  })
})
