/** The table of rows against a Map: inserts, removals, writes and dumps in any order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
            table.write(row >= 0 ? row : table.insert(hi, lo), 1, value)
            model.set(key, value)
          }
        }
        expect(table.size).toBe(model.size)
        for (const [key, value] of model) expect(table.read(table.find(key, (key % 7) + 1), 1)).toBe(value)
      }),
      { numRuns: 50 },
    )
  })

  it('hands out zeroed rows', () => {
    const table = new Table(COLUMNS)
    const row = table.insert(1, 1)
    table.write(row, 1, 5)
    table.write(row, 2, 7)
    table.remove(row)
    const again = table.insert(2, 2)
    expect([again, table.read(again, 1), table.read(again, 2)]).toEqual([row, 0, 0])
  })
})
