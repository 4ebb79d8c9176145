/** How a record of `raw` is told apart when nobody says what it is: JSON and protobuf may both begin with 0x0a. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formOf } from '../../../services/collector/raw/form.ts'
import { encodeOtlp, type OtlpRequest } from '../../support/otlp-protobuf.ts'

/** A request whose first length is this one. */
function requestOfLength(length: number): Buffer {
  const record = (chars: number): OtlpRequest => ({
    resourceLogs: [{ scopeLogs: [{ logRecords: chars < 0 ? [{}] : [{ severityText: 'x'.repeat(chars) }] }] }],
  })
  for (let chars = -1; chars < length; chars++) {
    const encoded = encodeOtlp(record(chars))
    if (encoded[1] === length) return encoded
  }
  throw new Error(`no request has the length ${length}`)
}

describe('the form of a record', () => {
  it.each([
    ['{', 0x7b],
    ['[', 0x5b],
    ['a blank', 0x20],
    ['a carriage return', 0x0d],
    ['a newline', 0x0a],
    ['a tab', 0x09],
  ])('is protobuf where the length reads as %s', (_what, length) => {
    const request = requestOfLength(length)
    expect([request[0], request[1]]).toEqual([0x0a, length])
    expect(formOf(request)).toBe('protobuf-any')
  })

  it('is protobuf whatever a request with a record holds', () => {
    const text = fc.string({ unit: 'binary', maxLength: 150 })
    const record = fc.record({ severityText: text, eventName: text }, { requiredKeys: [] })
    const request = fc.record({
      resourceLogs: fc.array(
        fc.record({
          resource: fc.record({ attributes: fc.array(fc.record({ key: text }), { maxLength: 2 }) }),
          scopeLogs: fc.array(fc.record({ logRecords: fc.array(record, { maxLength: 2 }) }), {
            minLength: 1,
            maxLength: 2,
          }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    })
    fc.assert(
      fc.property(request, (one) => {
        expect(formOf(encodeOtlp(one))).toBe('protobuf-any')
      }),
    )
  })

  it('is JSON whatever JSON holds, and with whatever white space it begins', () => {
    const space = fc.array(fc.constantFrom(' ', '\n', '\r', '\t'), { maxLength: 4 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        space,
        fc.jsonValue(),
        fc.constantFrom(undefined, 2, '\t'),
        fc.boolean(),
        (blank, value, indent, mark) => {
          const json = `${mark ? '\ufeff' : ''}\n${blank}${JSON.stringify([value], null, indent)}`
          expect(formOf(Buffer.from(json))).toBe('json')
          expect(formOf(Buffer.from(json.trim()))).toBe('json')
        },
      ),
    )
  })

  it('is JSON where JSON has the length that its second byte would announce', () => {
    const json = (rest: string) => Buffer.from(`\n{"a":"${'x'.repeat(125 - 9 - rest.length)}"${rest}}`)
    for (const rest of ['', ', "b": 1', '\n']) {
      expect(json(rest)).toHaveLength(125)
      expect(formOf(json(rest))).toBe('json')
    }
  })

  it.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['a control character', '\u0000'],
    ['broken JSON', '\n{"a": '],
  ])('is JSON for %s, which says what is wrong', (_what, text) => {
    expect(formOf(Buffer.from(text))).toBe('json')
  })
})
