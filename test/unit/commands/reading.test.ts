/** Units that are read side by side in threads give what they give one after the other, and no more of them wait than need to. */
import { describe, expect, it } from 'vitest'
import { readUnits, type Unit } from '../../../services/commands/import/reading/index.ts'
import { createSpool } from '../../../services/commands/import/spool.ts'

const PADDING = 'lorem ipsum '.repeat(40)

/** Half a megabyte of events, two of which are none, and a line that was no JSON. */
function unitOf(n: number): Unit {
  const lines = Array.from({ length: 800 }, (_, i) => {
    const time = 1_700_000_000_000 + n * 1_000_000 + i * 1_000
    const event = { id: `${n}-${i}`, identity: `agent-${i % 7}`, action: 'read', time, arguments: { note: PADDING } }
    return JSON.stringify(i % 400 === 7 ? { ...event, action: 7 } : event)
  })
  const body = Buffer.from(`${lines.join('\n')}\n`)
  const request = { line: 800 * n + 1, format: 'events', body, ndjson: true } as const
  return { file: `file ${n % 2}`, requests: [request, { line: 800 * n + 801, problem: 'line is not JSON' }] }
}

const UNITS = Array.from({ length: 20 }, (_, n) => unitOf(n))

async function readAll(threads: number) {
  let given = 0
  let mostUnderWay = 0
  async function* units(): AsyncGenerator<Unit> {
    for (const unit of UNITS) {
      given++
      yield unit
    }
  }
  const spool = createSpool()
  const accounts: object[] = []
  for await (const [unit, read] of readUnits(units(), [], threads)) {
    mostUnderWay = Math.max(mostUnderWay, given - accounts.length)
    spool.add(read)
    const { blocks: _, ...account } = read
    accounts.push({ unit: UNITS.indexOf(unit), ...account })
  }
  return { accounts, rows: [...spool.rows()].flat(), receiptTime: spool.receiptTime(), mostUnderWay }
}

describe('reading units', () => {
  it('gives the same in threads as without, in the same order', async () => {
    const [alone, inThreads] = [await readAll(1), await readAll(3)]
    expect(alone.accounts.map((account) => 'unit' in account && account.unit)).toEqual([...UNITS.keys()])
    expect(alone.accounts[1]).toMatchObject({ count: 798, records: 801, rejected: 3 })
    expect(inThreads.accounts).toEqual(alone.accounts)
    expect(inThreads.rows).toEqual(alone.rows)
    expect(inThreads.receiptTime).toBe(alone.receiptTime)
    expect(inThreads.mostUnderWay).toBeLessThan(UNITS.length / 2)
  })

  it('may be left before its end', async () => {
    async function* forEver(): AsyncGenerator<Unit> {
      for (;;) yield* UNITS
    }
    let read = 0
    for await (const [, { count }] of readUnits(forEver(), [], 2)) if ((read += count) > 20_000) break
    expect(read).toBeGreaterThan(20_000)
  })
})
