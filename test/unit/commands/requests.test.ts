/** Files to requests: whatever the chunks and the form of the file, the same values come out, and bad files are named. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EVENT_COLUMNS } from '../../../schemas/event.ts'
import { importFiles } from '../../../services/commands/import/import.ts'
import { readRequests } from '../../../services/commands/import/requests.ts'
import { createSplitter, type Value } from '../../../services/commands/import/splitter.ts'

const MEGABYTE = 1024 * 1024
let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'moltwatch-requests-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function split(text: string, cuts: readonly number[]): Value[] {
  const bytes = Buffer.from(text)
  const splitter = createSplitter('file', MEGABYTE)
  const values: Value[] = []
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  // The buffer of a stream is used again after it was handed on: what is kept must be a copy or a part of its own.
  for (const to of [...at, bytes.length]) {
    values.push(...splitter.push(Buffer.from(bytes.subarray(from, to))))
    from = to
  }
  splitter.end()
  return values
}
const parsed = (values: readonly Value[]): unknown[] => values.map((value) => JSON.parse(value.bytes.toString('utf8')))
/** As it is after a way through JSON, where -0 is 0. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const record = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })
const cuts = fc.array(fc.nat(4_000), { maxLength: 12 })

describe('the splitter', () => {
  it('finds the same values in every form of a file, wherever its chunks are cut', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), cuts, fc.boolean(), (records, at, pretty) => {
        const text = (value: unknown): string => JSON.stringify(value, null, pretty ? 2 : 0)
        const forms = [
          records.map(text).join('\n'),
          records.map(text).join(''),
          `\u{FEFF}${text(records)}\n`,
          text({ Records: records, NextToken: '[}"' }),
        ]
        for (const form of forms) {
          // An object whose first key happens to be Records would be read as a CloudTrail file: that is meant.
          fc.pre(!form.slice(0, 20).includes('"Records"') || form === forms[3])
          expect(parsed(split(form, at))).toEqual(plain(records))
        }
      }),
    )
  })

  it('tells the line at which a value starts, and how it was held', () => {
    const values = split('\n{"a":\n1}\n\n[{"b":2},\n{"c":"\\"]"}]\n{"Records":[\n{"d":4}]}', [3, 9, 20])
    expect(values.map(({ line, holder }) => [line, holder])).toEqual([
      [2, 'alone'],
      [5, 'list'],
      [6, 'list'],
      [8, 'records'],
    ])
  })

  it.each([
    ['hello,world', [], ['line 1 is not JSON: found the character h where an object should start']],
    [
      '{"a":1}\n42\n{"b":2}',
      [{ a: 1 }, { b: 2 }],
      ['line 2 is not JSON: found the character 4 where an object should start'],
    ],
    [
      '{"a":1}}\n{"b":2}',
      [{ a: 1 }, { b: 2 }],
      ['line 1 is not JSON: found the character } where an object should start'],
    ],
    ['{"a":1}\n{"b":[2,{"c\n{"d":4}', [{ a: 1 }, { d: 4 }], ['line 2 ends inside a value: it was cut off']],
    ['{"a":1}\n{"b":"2\n{"d":4}', [{ a: 1 }, { d: 4 }], ['line 2 ends inside a value: it was cut off']],
  ])('goes on behind a bad line of %j', (text, good, problems) => {
    const values = split(text, [4, 11])
    expect(values.flatMap(({ problem }) => problem ?? [])).toEqual(problems)
    expect(parsed(values.filter(({ problem }) => problem === undefined))).toEqual(good)
  })

  it.each([
    ['["a"]', /line 1 is not JSON/],
    ['{"a":[1,2', /ends inside the value that starts at line 1/],
    ['{"a":"', /ends inside/],
  ])('refuses %j', (text, message) => {
    expect(() => split(text, [4])).toThrow(message)
  })

  it('refuses a value that is larger than any request', () => {
    expect(() => split(`{"a":"${'x'.repeat(3 * MEGABYTE)}"}`, [MEGABYTE, 2 * MEGABYTE])).toThrow(/larger than/)
  })
})

const act = (n: number, more: object = {}) => ({
  id: `e${n}`,
  identity: 'a',
  action: 'read',
  time: 1_700_000_000 + n,
  ...more,
})

async function idsOf(name: string, bytes: Buffer | string): Promise<string[]> {
  const path = join(home, name)
  writeFileSync(path, bytes)
  const { spool } = await importFiles([path], 'auto')
  return [...spool.rows()].flat().map((row) => String(row[0]))
}

describe('files as requests', () => {
  it('gives an event the same id in every form of a file, packed or not', async () => {
    const events = [act(1), act(2), { identity: 'a', action: 'read', time: 1_700_000_000 }, act(3)]
    const ndjson = events.map((event) => JSON.stringify(event)).join('\n')
    const expected = await idsOf('a.ndjson', ndjson)
    expect(new Set(expected).size).toBe(4)
    expect(await idsOf('a.json', JSON.stringify(events, null, 2))).toEqual(expected)
    // The name does not matter: the first bytes tell.
    expect(await idsOf('packed.json', gzipSync(ndjson))).toEqual(expected)
    expect(
      await idsOf('two-members.gz', Buffer.concat([gzipSync(ndjson.slice(0, 30)), gzipSync(ndjson.slice(30))])),
    ).toEqual(expected)
  })

  it('counts equal records without an id over the whole file, as one post would', async () => {
    const same = JSON.stringify({ identity: 'a', action: 'read', time: 1_700_000_000 })
    expect(new Set(await idsOf('same.ndjson', `${same}\n${same}\n${same}`)).size).toBe(3)
  })

  it('makes one request of each line of an OTLP file', async () => {
    const path = join(home, 'otlp.ndjson')
    writeFileSync(path, '{"resourceLogs":[]}\n{"resourceLogs":[]}\n')
    const requests = []
    for await (const request of readRequests(path, 'auto')) requests.push(request)
    expect(requests).toMatchObject([
      { format: 'otlp', line: 1 },
      { format: 'otlp', line: 2 },
    ])
  })

  it('names files that are missing, damaged or of no known format', async () => {
    const read = async (name: string, bytes: Buffer | string): Promise<string[]> => idsOf(name, bytes)
    await expect(importFiles([join(home, 'none')], 'auto')).rejects.toThrow(
      /none cannot be read: there is no such file/,
    )
    await expect(read('torn.gz', gzipSync('{"a":1}'.repeat(900)).subarray(0, 30))).rejects.toThrow(/damaged gzip file/)
    await expect(read('what.json', '{"what":1}')).rejects.toThrow(/line 1: of no known format. Taken are: OTLP/)
    await expect(read('nobody.json', '{"identity":"a"}\n')).rejects.toThrow(/of no known format/)
    await expect(read('bad.json', '{"identity":"a","action":tru}')).rejects.toThrow(/not JSON/)
  })

  it('goes on behind a record that cannot be used, and says which it was', async () => {
    const path = join(home, 'some.ndjson')
    writeFileSync(path, `${JSON.stringify(act(1))}\n{"identity":"a"}\n${JSON.stringify(act(2))}\n`)
    const { spool, rejected, told } = await importFiles([path], 'auto')
    expect([spool.count, rejected]).toEqual([2, 1])
    expect(told[0]).toMatch(/record 2: the field action is missing/)
  })

  it('takes a receipt time later than every event, whatever the clock says, for what has none of its own', async () => {
    const path = join(home, 'times.ndjson')
    const lines = [act(1), { ...act(2), time: undefined }, act(3, { time: '2031-05-04T10:20:30Z' })]
    writeFileSync(path, lines.map((event) => JSON.stringify(event)).join('\n'))
    const { spool } = await importFiles([path], 'auto')
    expect(spool.receiptTime()).toBe(Date.parse('2031-05-04T10:21:00Z'))
    const rows = [...spool.rows()].flat()
    const valuesOf = (column: string): unknown[] => {
      const at = EVENT_COLUMNS.findIndex(({ name }) => name === column)
      return rows.map((row) => row[at])
    }
    expect(valuesOf('time_flag')).toEqual(['ok', 'missing', 'ok'])
    expect(valuesOf('time')[1]).toBe(spool.receiptTime())
    expect(new Set(valuesOf('receipt_time'))).toEqual(new Set([spool.receiptTime()]))
  })
})
