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
