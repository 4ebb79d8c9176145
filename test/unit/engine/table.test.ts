/** The table of rows against a Map: inserts, removals, writes and dumps in any order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Handles } from '../../../detectors/lib/columns.ts'
import { evidenceList, evidenceOf } from '../../../detectors/lib/evidence.ts'
import { list } from '../../../detectors/lib/list.ts'
import { Layout } from '../../../services/detector/engine/layout.ts'
import { Table } from '../../../services/detector/engine/table.ts'

const COLUMNS = [
  { name: 'a', type: 'f64', length: 1 },
  { name: 'b', type: 'u32', length: 3 },
] as const

const operation = fc.record({
  key: fc.nat(300),
  what: fc.constantFrom('put', 'put', 'remove', 'reload'),
  value: fc.nat(1_000_000),
})

function reload(table: Table): Table {
  const bytes = new Map(table.columns.map((column, i) => [column.name, table.dump(i)]))
  const next = new Table(COLUMNS)
  next.load(table.high, table.freeRows, (name) => bytes.get(name))
  return next
}

describe('the table of rows', () => {
  it('agrees with a map, through growth, reuse of rows and reload', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 2_000 }), (operations) => {
        let table = new Table(COLUMNS)
        const model = new Map<number, number>()
        for (const { key, what, value } of operations) {
          // Few different low words, so that runs of the index collide.
          const [hi, lo] = [key, (key % 7) + 1]
          const row = table.find(hi, lo)
          expect(row >= 0).toBe(model.has(key))
          if (what === 'reload') table = reload(table)
          else if (what === 'remove' && row >= 0) {
            table.remove(row)
            model.delete(key)
          } else if (what === 'put') {
            table.setF64(row >= 0 ? row : table.insert(hi, lo), 1, value)
            model.set(key, value)
          }
        }
        expect(table.size).toBe(model.size)
        for (const [key, value] of model) expect(table.f64(table.find(key, (key % 7) + 1), 1)).toBe(value)
      }),
      { numRuns: 50 },
    )
  })

  it.each([1, 100, 5_000, 50_000, 5_000_000])('keeps every row apart where rows have %i bytes', (width) => {
    const columns = [
      { name: 'bytes', type: 'u8', length: width },
      { name: 'number', type: 'u16', length: 1 },
    ] as const
    const rows = Math.min(20_000, Math.ceil(40_000_000 / width))
    const table = new Table(columns)
    for (let n = 0; n < rows; n++) {
      const row = table.insert(n, n + 1)
      expect(row).toBe(n)
      table.setU16(row, 2, n)
      table.point(row)
      const { chunk, slot } = table.cursor
      chunk[1]?.fill(n % 251, slot * width, (slot + 1) * width)
    }
    const back = new Table(columns)
    const dumped = new Map(table.columns.map((column, i) => [column.name, table.dump(i)]))
    back.load(table.high, [], (name) => dumped.get(name))
    for (const held of [table, back]) {
      const numbers = Array.from({ length: rows }, (_, n) => held.u16(held.find(n, n + 1), 2))
      expect(numbers).toEqual(Array.from({ length: rows }, (_, n) => n))
      const bytes = held.dump(1)
      const [first, last] = [0, width - 1].map((at) => numbers.map((n) => bytes[n * width + at]))
      expect([first, last]).toEqual([numbers.map((n) => n % 251), numbers.map((n) => n % 251)])
      expect(held.bytes).toBeGreaterThanOrEqual(rows * held.rowBytes)
    }
  })

  it('hands out zeroed rows', () => {
    const table = new Table(COLUMNS)
    const row = table.insert(1, 1)
    const elements = (of: number): Uint32Array => {
      table.point(of)
      const { chunk, slot } = table.cursor
      return (chunk[2] as Uint32Array).subarray(slot * 3, slot * 3 + 3)
    }
    table.setF64(row, 1, 5)
    elements(row).fill(7)
    table.remove(row)
    const again = table.insert(2, 2)
    expect([again, table.f64(again, 1), ...elements(again)]).toEqual([row, 0, 0, 0, 0])
  })

  it('hands out empty lists, however full those of the removed row were', () => {
    const fields = {
      values: list({ cap: 4, columns: { small: 'u8', wide: { type: 'u32', length: 3 } } }),
      seen: evidenceList({ bytes: 500 }),
    }
    const layout = new Layout([])
    layout.add('owner', fields)
    const table = layout.table(2)
    const { values, seen } = layout.bind(table, 'owner') as Handles<typeof fields>
    const event = { event_id: 'a'.repeat(32), source_id: '', time: 0, action: 'read', target: 'a page' }
    for (let full = 0; full <= 4; full++) {
      const row = table.insert(1, full + 1)
      table.point(row)
      const { chunk, slot } = table.cursor
      const held = table.columns.slice(1).map(({ length }, i) => {
        return Array.from((chunk[i + 1] as Uint8Array).subarray(slot * length, (slot + 1) * length))
      })
      expect(held.flat().every((element) => element === 0)).toBe(true)
      for (let record = 0; record < full; record++) {
        const at = values.push()
        values.set('small', at, 255)
        for (let element = 0; element < 3; element++) values.set('wide', at, 4_000_000_000, element)
        seen.add(evidenceOf(event))
      }
      table.remove(row)
    }
  })
})
