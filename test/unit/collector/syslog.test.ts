/** Syslog's framing and heads: whole whatever the chunks, bounded whatever the length, quiet whatever the text. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFraming } from '../../../services/collector/opened/syslog/framing.ts'
import { readMessage } from '../../../services/collector/opened/syslog/message.ts'

/** The messages of a stream that comes in such chunks, and what was refused of it. */
function framed(stream: Buffer, sizes: readonly number[], bytesMax = 64) {
  const seen: string[] = []
  let tooLong = 0
  let broken = 0
  const framing = createFraming({ bytesMax, onTooLong: () => (tooLong += 1), onBroken: () => (broken += 1) })
  let at = 0
  for (const size of [...sizes, stream.length]) {
    for (const message of framing.push(stream.subarray(at, at + size))) seen.push(message.toString())
    at += size
  }
  const rest = framing.end()
  if (rest !== undefined) seen.push(rest.toString())
  return { seen, tooLong, broken }
}

const message = fc
  .string({ unit: fc.constantFrom('a', '<', '1', ' ', 'é'), minLength: 1, maxLength: 20 })
  .map((text) => `<13>${text}`)

describe('framing', () => {
  it('finds counted messages and lines, mixed, in whatever chunks they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(message, fc.boolean()), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
        (messages, sizes) => {
          const stream = messages
            .map(([text, counted]) => (counted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`))
            .join('')
          expect(framed(Buffer.from(stream), sizes)).toEqual({
            seen: messages.map(([text]) => text),
            tooLong: 0,
            broken: 0,
          })
        },
      ),
    )
  })

  it('takes what stands behind a message that is too long, and holds no more of it than a message may have', () => {
    const long = 'x'.repeat(1_000)
    expect(framed(Buffer.from(`1000 ${long}3 abc`), [7, 100])).toEqual({ seen: ['abc'], tooLong: 1, broken: 0 })
    expect(framed(Buffer.from(`<1>${long}\n<1>ok\n`), [7, 100, 100])).toEqual({
      seen: ['<1>ok'],
      tooLong: 1,
      broken: 0,
    })
    expect(framed(Buffer.from('0 abc'), [])).toMatchObject({ seen: [], broken: 1 })
  })

  it('takes a last line without its end, and no half of a counted message', () => {
    expect(framed(Buffer.from('<1>last'), []).seen).toEqual(['<1>last'])
    expect(framed(Buffer.from('20 <1>half'), []).seen).toEqual([])
  })

  it('of any bytes gives messages within the bound', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }),
        (bytes, sizes) => {
          for (const one of framed(Buffer.from(bytes), sizes).seen)
            expect(Buffer.byteLength(one)).toBeLessThanOrEqual(64 * 3)
        },
      ),
    )
  })
})

describe('a head', () => {
  it.each([
    [
      '<165>1 2026-03-01T12:00:00.123Z host.example.com agent 1234 ID47 [meta@1 k="v\\"\\]" s="2"][origin ip="192.0.2.1"] \uFEFF{"a":1}',
      {
        fields: {
          facility: 20,
          severity: 5,
          host: 'host.example.com',
          app: 'agent',
          pid: '1234',
          msgid: 'ID47',
          data: { 'meta@1': { k: 'v"]', s: '2' }, origin: { ip: '192.0.2.1' } },
        },
        time: '2026-03-01T12:00:00.123Z',
        text: '{"a":1}',
      },
    ],
    ['<13>1 - - - - - - text', { fields: { facility: 1, severity: 5 }, text: 'text' }],
    [
      '<190>Mar  1 12:00:00 web nginx: {"a":1}',
      {
        fields: { facility: 23, severity: 6, host: 'web', app: 'nginx', timestamp: 'Mar  1 12:00:00' },
        text: '{"a":1}',
      },
    ],
    [
      '<190>Mar 11 12:00:00 nginx[7]: x',
      { fields: { facility: 23, severity: 6, app: 'nginx', pid: '7', timestamp: 'Mar 11 12:00:00' }, text: 'x' },
    ],
    [
      '<13>2026-03-01T12:00:00+01:00 h t: @cee: {}',
      {
        fields: { facility: 1, severity: 5, host: 'h', app: 't' },
        time: '2026-03-01T12:00:00+01:00',
        text: '@cee: {}',
      },
    ],
    [
      '<13>2026-03-01T12:00:00+01:00 2001:db8::1 agent {"a":1}',
      {
        fields: { facility: 1, severity: 5, host: '2001:db8::1', app: 'agent' },
        time: '2026-03-01T12:00:00+01:00',
        text: '{"a":1}',
      },
    ],
    [
      '<13>Mar  1 12:00:00 host agent a=1 b=2',
      { fields: { facility: 1, severity: 5 }, text: 'Mar  1 12:00:00 host agent a=1 b=2' },
    ],
    ['no head at all', { fields: {}, text: 'no head at all' }],
  ])('%s', (text, wanted) => expect(readMessage(text)).toEqual(wanted))

  it('of any text is read without a throw, and quickly', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('<', '1', '>', ' ', '[', ']', '"', '=', '\\', 'a', ':', '-'),
          maxLength: 200,
        }),
        (text) => {
          readMessage(`<13>1 ${text}`)
          readMessage(`<13>1 - - - - - [a ${text}`)
        },
      ),
    )
    for (const hostile of [
      `<13>1 - - - - - ${'[a b="'.repeat(50_000)}`,
      `<13>1 - - - - - [a${' b="c"'.repeat(50_000)}`,
      `<13>${'Mar '.repeat(50_000)}`,
    ])
      readMessage(hostile)
  })
})
