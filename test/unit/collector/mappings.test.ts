/** Mappings: what is refused with which sentence, what a value becomes, and that no record and no mapping costs much. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blankEvent, type Event } from '../../../schemas/event.ts'
import { createFormats } from '../../../services/collector/formats/formats.ts'
import { compileMapping, mappedFormat } from '../../../services/collector/formats/mapped/index.ts'
import { normalise } from '../../../services/collector/normalise.ts'
import { parseMapping } from '../../../services/lib/mappings/read.ts'
import { readPath } from '../../../services/lib/mappings/path.ts'
import { mappingSchema } from '../../../services/lib/mappings/schema.ts'
import { EXAMPLE_MAPPINGS, exampleRecords, mappingOf, MAPPINGS_FOLDER } from '../../support/mappings.ts'
import { normaliseContext } from '../../support/normalise.ts'

const HEAD = 'name: doors\nwhen: { all: [{ path: door, exists: true }] }\n'
const problems = (text: string): string[] => {
  const outcome = parseMapping(text)
  return outcome.ok ? [] : outcome.problems.map(({ line, path, message }) => `${line} ${path} ${message}`)
}
const mapped = (fields: string, record: object): Readonly<Record<string, unknown>> =>
  compileMapping(mappingOf(`${HEAD}fields:\n  identity: who\n  action: what\n${fields}`)).map(record).event

describe('a mapping is refused', () => {
  it.each([
    ['name: Doors\nwhen: {}\nfields: {}', /name/],
    [`${HEAD}fields: { identity: a }`, /is missing action/],
    [`${HEAD}fields: { identity: a, action: b, targt: c }`, /unknown field "targt"; did you mean "target"\?/],
    [`${HEAD}fields: { identity: a..b, action: b }`, /fields\.identity cannot be read at/],
    [`${HEAD}fields: { identity: '{a}', action: b }`, /cannot be read/],
    [`${HEAD}fields: { identity: a, action: { template: 'x {a' } }`, /has a \{ without its \}/],
    [`${HEAD}fields: { identity: a, action: { path: b, value: c } }`, /has both path and value/],
    [`${HEAD}fields: { identity: a, action: { default: c } }`, /needs path, value, template or cases/],
    [`${HEAD}fields: { identity: a, action: { path: b, otherwise: c } }`, /is of use with a table only/],
    ['name: doors\nwhen: { all: [{ path: door }] }\nfields: { identity: a, action: b }', /says nothing of its path/],
    ['name: doors\nwhen: {}\nfields: { identity: a, action: b }', /must hold all, any or none/],
    [`${HEAD}pattern: '(a+)+$'\nfields: { identity: a, action: b }`, /unknown key "pattern"/],
    [`${HEAD}fields: { identity: ${'a.'.repeat(40)}a, action: b }`, /has more than 16 steps/],
    [
      'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]',
      /aliases/,
    ],
    ['name: [', /is not YAML/],
    [`# ${'x'.repeat(300_000)}`, /has more than 262144 bytes/],
  ])('%#: with the place and the reason', (text, reason) => {
    expect(problems(text).join('\n')).toMatch(reason)
  })

  it('without a word about what is right', () => {
    expect(problems(`${HEAD}fields: { identity: a, action: b, cost: { path: c, default: 1 } }`)).toEqual([])
  })
})

describe('a value', () => {
  it.each([
    ['  target: { path: [a, b.c] }', { b: { c: 'x' } }, 'x'],
    ['  target: list[1]["k.l"].m', { list: [0, { 'k.l': { m: 7 } }] }, '7'],
    ['  target: { template: "{{{a}}} of {b}" }', { a: 'x', b: 'y' }, '{x} of y'],
    ['  target: { template: "{a} of {b}", default: none }', { a: 'x' }, 'none'],
    ['  target: { path: a, before: "?", after: "//" }', { a: 'http://h/p?q' }, 'h/p'],
    ['  target: { path: a, table: { GET: reads }, otherwise: acts }', { a: 'get' }, 'reads'],
    ['  target: { path: a, table: { GET: reads }, otherwise: acts }', { a: 'constructor' }, 'acts'],
    ['  target: { path: a, lower: true }', { a: 'ABC' }, 'abc'],
    ['  target: text.inner', { text: '{"inner":"opened"}' }, 'opened'],
    ['  target: a', { a: ['x', 'y', { no: 1 }] }, 'x, y'],
    ['  target: __proto__.polluted', {}, undefined],
    ['  target: constructor.name', {}, undefined],
    [
      '  target: { cases: [{ if: { any: [{ path: n, at_least: 400 }] }, value: bad }, { value: good }] }',
      { n: '404' },
      'bad',
    ],
    [
      '  target: { cases: [{ if: { none: [{ path: n, below: 400 }] }, value: bad }, { value: good }] }',
      { n: 200 },
      'good',
    ],
  ])('%s', (field, record, wanted) => {
    expect(mapped(field, { door: 1, who: 'w', what: 'x', ...record })['target']).toBe(wanted)
  })

  it('fits its column: words of outcomes, methods, numbers in texts, lists', () => {
    const fields = '  outcome: o\n  activity: m\n  bytes_out: n\n  on_behalf_of: l\n  cost: bad'
    const record = { door: 1, who: 'w', what: 'x', o: 'FORBIDDEN', m: 'DELETE', n: '12', l: 'ada', bad: 'much' }
    expect(mapped(fields, record)).toMatchObject({
      outcome: 'denied',
      activity: 'delete',
      bytes_out: 12,
      on_behalf_of: ['ada'],
    })
    expect(mapped(fields, record)).not.toHaveProperty('cost')
  })
})

const BLANK = blankEvent()
const UNTOLD = new Set([
  'indicators',
  'value_hashes',
  'value_kinds',
  'content_classes',
  'extractor_version',
  'receipt_time',
])
const said = (event: Event): Partial<Event> =>
  Object.fromEntries(
    Object.entries(event).filter(
      ([key, value]) => !UNTOLD.has(key) && JSON.stringify(value) !== JSON.stringify(BLANK[key as keyof Event]),
    ),
  )

describe('the examples', () => {
  it.each(EXAMPLE_MAPPINGS.map((mapping) => [mapping.name, mapping] as const))('%s', async (name, mapping) => {
    const context = normaliseContext({ formats: createFormats(EXAMPLE_MAPPINGS) })
    const result = normalise('auto', exampleRecords(name), context)
    if (!result.ok) throw new Error(result.detail)
    expect(result.rejected).toEqual([])
    expect(result.events.every(({ source }) => source === mapping.name)).toBe(true)
    const golden = `${JSON.stringify(result.events.map(said), null, 2)}\n`
    await expect(golden).toMatchFileSnapshot(`../../golden/mapped/${name}.golden.json`)
  })

  it('lie beside the schema that editors take', () => {
    const file = readFileSync(join(MAPPINGS_FOLDER, 'mapping.schema.json'), 'utf8')
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(mappingSchema())))
  })

  it('time as Apache writes it is read', () => {
    const mapping = mappingOf(`${HEAD}time: at\nfields: { identity: who, action: what }`)
    const record = { door: 1, who: 'w', what: 'x', at: '01/Mar/2026:14:00:00 +0200' }
    const result = normalise('doors', record, normaliseContext({ formats: createFormats([mapping]) }))
    expect(result.ok && result.events[0]?.time).toBe(Date.UTC(2026, 2, 1, 12))
  })
})

describe('hostile input', () => {
  const path = fc.string({ maxLength: 64, unit: fc.constantFrom('a', '.', '[', ']', '"', '0', '{', '}', '\\') })

  it('no path that is read throws, loops, or leaves the record', () => {
    fc.assert(
      fc.property(path, (text) => {
        const read = readPath(text)
        if (typeof read !== 'string') expect(read.length).toBeLessThanOrEqual(16)
      }),
    )
  })

  it('no text makes the reading of a mapping throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          path.map((p) => `${HEAD}fields: { identity: '${p}', action: "${p}" }`),
        ),
        (text) => {
          parseMapping(text)
        },
      ),
    )
  })

  it('a record of many megabytes costs what its paths cost, and nothing of it is kept beyond the columns', () => {
    const text = 'x'.repeat(8 * 1024 * 1024)
    const deep = JSON.parse(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`) as unknown
    const mapping = mappingOf(
      `${HEAD}fields: { identity: who, action: { template: "{what}{what}{what}{what}" }, target: { path: what, lower: true, table: { a: b } } }`,
    )
    const format = mappedFormat(mapping)
    const record = { door: 1, who: text, what: text, deep }
    expect(format.recognises(record)).toBe(true)
    const result = normalise('doors', record, normaliseContext({ formats: createFormats([mapping]) }))
    if (!result.ok) throw new Error(result.detail)
    expect(JSON.stringify(result.events).length).toBeLessThan(20_000)
  })
})
