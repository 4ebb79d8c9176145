/** The search language: what it means, where its errors point, and that nothing but a SearchError comes of any text. */
import fc from 'fast-check'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { compileSearch } from '../../../services/api/search/compile.ts'
import { EVENTS } from '../../../services/api/search/fields.ts'
import { histogramOf, stepOf } from '../../../services/api/search/histogram.ts'
import { fits, parseSearch, patternOf, SearchError } from '../../../services/api/search/language.ts'
import { heldSubject, recall } from '../../../services/api/search/recall.ts'

const NOW = Date.UTC(2026, 9, 2)
const THINGS = heldSubject(
  'things',
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    level: Type.Enum(['low', 'high', 'critical']),
    hosts: Type.Array(Type.String()),
    count: Type.Integer(),
    open: Type.Boolean(),
    seen_at: Type.String(),
  }),
  { time: 'seen_at', facets: [] },
)
const thing = (id: string, fields: object = {}) => ({
  id,
  name: 'deploy bot',
  level: 'low',
  hosts: ['a.example'],
  count: 3,
  open: true,
  seen_at: '2026-10-01T12:00:00.000Z',
  ...fields,
})
const ALL = [
  thing('a'),
  thing('b', { name: 'mail-agent', level: 'high', count: 10 }),
  thing('c', { name: 'a "quoted" name', level: 'critical', hosts: ['b.example', 'c.example'], open: false }),
  thing('d', { name: 'star*', hosts: [], count: 0, seen_at: '2026-09-01T00:00:00.000Z' }),
]

function found(text: string): string {
  const tree = parseSearch(text)
  const test = tree === undefined ? () => true : recall(THINGS, tree, NOW)
  return ALL.filter((one) => test(one))
    .map(({ id }) => id)
    .join('')
}

function refusal(text: string): { message: string; pointed: string } {
  try {
    const tree = parseSearch(text)
    if (tree !== undefined) compileSearch(EVENTS, tree, NOW)
  } catch (error) {
    if (!(error instanceof SearchError)) throw error
    const { position, length } = error.at
    return { message: error.message, pointed: text.slice(position, position + length) }
  }
  throw new Error(`${text} was not refused`)
}

describe('a search', () => {
  it.each([
    ['', 'abcd'],
    ['name:"deploy bot"', 'a'],
    ['name:mail-*', 'b'],
    ['name:star\\*', 'd'],
    ['name:"star*"', 'd'],
    ['name:"a \\"quoted\\" name"', 'c'],
    ['name:?ail-agent', 'b'],
    ['level:high OR level:critical', 'bc'],
    ['level:(', undefined],
    ['NOT level:low', 'bc'],
    ['-level:low', 'bc'],
    ['level:low count:>0', 'a'],
    ['level:low AND count:<=0', 'd'],
    ['count>=10', 'b'],
    ['count!=3', 'bd'],
    ['level!=low', 'bc'],
    ['hosts:c.example', 'c'],
    ['hosts:*', 'abc'],
    ['NOT hosts:*', 'd'],
    ['open:false', 'c'],
    ['(level:high OR level:low) name:*bot*', 'a'],
    ['level:low OR level:high name:mail-agent', 'abd'],
    ['-24h', 'abc'],
    ['time:>=2026-09-30', 'abc'],
    ['time:2026-09-01', 'd'],
    ['time:<2026-10-01T12:00:00Z', 'd'],
    ['QUOTED', 'c'],
    ['"deploy bot"', 'a'],
    ['dep*bot', 'a'],
  ])('%s finds %s', (text, expected) => {
    if (expected === undefined) expect(() => found(text)).toThrow(SearchError)
    else expect(found(text)).toBe(expected)
  })

  it.each([
    ['colour:red', 'colour', /no field colour/],
    ['identty:a', 'identty', /did you mean identity/],
    ['identity:a AND', '', /missing at the end/],
    ['identity:a) b', ')', /never opened/],
    ['identity:a (b OR c', '(', /never closed/],
    ['identity:a "b', '"', /never closed/],
    ['OR identity:a', 'OR', /missing before/],
    ['identity:', 'identity:', /needs a value/],
    ['bytes_in:many', 'many', /is a number/],
    ['bytes_in:1*', '1*', /is a number/],
    ['time:>yesterday', 'yesterday', /compared with a time/],
    ['outcome:broken', 'broken', /none of unknown, success/],
    ['outcome:brok*', 'brok*', /none of unknown, success/],
    ['identity:>a', 'a', /by size/],
    ['history:maybe', 'maybe', /true or false/],
    ['event_id:12', '12', /32 hex digits/],
    ['value:12*', '12*', /no wildcard/],
    ['value:99999999999999999999', '99999999999999999999', /keyed hash/],
  ])('%s is refused at %s', (text, pointed, message) => {
    const refused = refusal(text)
    expect(refused.pointed).toBe(pointed)
    expect(refused.message).toMatch(message)
  })

  it('is refused where it is too long or too deep', () => {
    expect(refusal('a '.repeat(101)).message).toMatch(/at most 100/)
    expect(refusal('('.repeat(20)).message).toMatch(/nest at most/)
    expect(refusal('NOT '.repeat(99)).message).toMatch(/missing at the end/)
  })

  it('puts no text of the caller into SQL', () => {
    const hostile = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(hostile, fc.constantFrom(...EVENTS.fields.keys()), (text, field) => {
        const marked = `zq${text}zq`
        const quoted = `"${marked.replaceAll(/["\\]/g, '\\$&')}"`
        try {
          const { sql, params } = compileSearch(EVENTS, parseSearch(`${field}:${quoted} OR ${quoted}`) as never, NOW)
          expect(sql).not.toContain('zq')
          expect(JSON.stringify(params)).toContain('zq')
        } catch (error) {
          expect(error).toBeInstanceOf(SearchError)
        }
      }),
    )
  })

  it('comes to a tree or a SearchError, whatever the text', () => {
    const words = fc.constantFrom(
      'AND',
      'OR',
      'NOT',
      '(',
      ')',
      '"',
      '\\',
      '*',
      '?',
      ':',
      '>=',
      '-',
      'identity',
      '-24h',
      ' ',
      '__proto__',
    )
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(words, { maxLength: 30 }).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(text, (one) => {
        try {
          const tree = parseSearch(one)
          if (tree !== undefined) compileSearch(EVENTS, tree, NOW)
        } catch (error) {
          expect(error).toBeInstanceOf(SearchError)
          const { position, length } = (error as SearchError).at
          expect(position + length).toBeLessThanOrEqual(one.length)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a pattern', () => {
  it('fits as a regular expression would', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
    const plain = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
    fc.assert(
      fc.property(letters, plain, (pattern, text) => {
        const pieces = patternOf({ text: pattern, quoted: false })
        fc.pre(pieces !== undefined)
        const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`)
        expect(fits(text, pieces)).toBe(same.test(text))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a histogram', () => {
  it('has no gaps and no more buckets than asked for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 10 ** 12 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 2, max: 120 }),
        (times, buckets) => {
          const step = stepOf(Math.max(...times) - Math.min(...times), buckets)
          const counts = new Map<number, number>()
          for (const ms of times)
            counts.set(Math.floor(ms / step) * step, (counts.get(Math.floor(ms / step) * step) ?? 0) + 1)
          const told = histogramOf(counts, step)
          expect(told.buckets.length).toBeLessThanOrEqual(buckets)
          expect(told.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(times.length)
        },
      ),
    )
  })
})
