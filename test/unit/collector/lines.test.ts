/** Lines of logs: what is found in them, and that no text is dear or breaks anything; and Snappy's blocks. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUILT_IN } from '../../../services/collector/formats/formats.ts'
import { cef, lineEnvelope, logfmt } from '../../../services/collector/inputs/lib/lines.ts'
import { protobufEntries } from '../../../services/collector/inputs/loki/entries.ts'
import { unsnappy } from '../../../services/collector/inputs/loki/snappy.ts'
import { lokiPush } from '../../support/loki.ts'

const AROUND = { name: 'syslog', fields: { host: 'h' }, time: '2026-03-01T12:00:00Z' }
const valueOf = (line: string): unknown => {
  const envelope = lineEnvelope(line, AROUND, BUILT_IN)
  return 'problem' in envelope ? envelope.problem.detail : envelope.value
}

describe('a line', () => {
  const event = { identity: 'a', action: 'b', id: '1' }
  it.each([
    JSON.stringify(event),
    `@cee: ${JSON.stringify(event)}`,
    `2026-03-01T12:00:00.123456789Z stdout F ${JSON.stringify(event)}`,
    JSON.stringify({ log: `${JSON.stringify(event)}\n`, stream: 'stdout' }),
  ])('%s is the record in it', (line) => expect(valueOf(line)).toEqual(event))

  it('of pairs has them, what stands around it, and its time where it says none', () => {
    expect(valueOf('level=info msg="said \\"no\\"" identity=bot-1 action=read_file done')).toEqual({
      syslog: { host: 'h' },
      time: '2026-03-01T12:00:00Z',
      message: 'done',
      level: 'info',
      msg: 'said "no"',
      identity: 'bot-1',
      action: 'read_file',
    })
    expect(valueOf('a=1 ts=7 b=2')).not.toHaveProperty('time')
  })

  it('of CEF has its header and its extension, with what is escaped', () => {
    const line = 'CEF:0|Acme|Gate \\| way|1|100|tool call|5|suser=bot act=read the file msg=a\\=b c\\nd'
    expect(cef(line)).toEqual({
      cef: {
        version: '0',
        device_vendor: 'Acme',
        device_product: 'Gate | way',
        device_version: '1',
        id: '100',
        name: 'tool call',
        severity: '5',
      },
      suser: 'bot',
      act: 'read the file',
      msg: 'a=b c\nd',
    })
    expect(cef('CEF:0|too|short')).toBeUndefined()
  })

  it('of prose is a message, and says that it is nothing else', () => {
    expect(lineEnvelope('GET / 200', AROUND, BUILT_IN)).toMatchObject({ plain: true, value: { message: 'GET / 200' } })
  })

  it('of any text costs little and pollutes nothing', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '=', '"', '\\', ' ', '|', '{', 'CEF:', '['), maxLength: 300 }),
        (line) => {
          lineEnvelope(line, AROUND, BUILT_IN)
        },
      ),
    )
    expect(Object.keys(logfmt('__proto__=x constructor=y a=b') ?? {})).toEqual(['constructor', 'a'])
    for (const hostile of [
      'a='.repeat(500_000),
      ' a'.repeat(500_000),
      `CEF:0|${'\\|'.repeat(500_000)}`,
      `CEF:0|a|b|c|d|e|f|${' a='.repeat(300_000)}`,
    ]) {
      lineEnvelope(hostile, AROUND, BUILT_IN)
    }
  })
})

/** Made by another implementation of Snappy of two hundred lines, with copies of every kind. */
const BLOCK = [
  '0lbYeyJpZGVudGl0eSI6Imludm9pY2UtYm90IiwiYWN0aW9uIjoicmVhZF9maWxlIiwibiI6MH0Ke8Y2AAQxfc42AAAy0jYAADPS',
  'NgAANNI2AAA10jYAADbSNgAAN9I2AAA40jYAADnSNgAAMdodAtYeAgAx1h8CADHWIAIAMdYhAgAx1iICADHWIwIAMdYkAgAx1iUC',
  'ADHWJgIAMtYmAgAy1iYCADLWJgIAMtYmAgAy1iYCADLWJgIAMtYmAgAy1iYCADLWJgIAMtYmAgAz1iYCADPWJgIAM9YmAgAz1iYC',
  'ADPWJgIAM9YmAgAz1iYCADPWJgIAM9YmAgAz1iYCADTWJgIANNYmAgA01iYCADTWJgIANNYmAgA01iYCADTWJgIANNYmAgA01iYC',
  'ADTWJgIANdYmAgA11iYCADXWJgIANdYmAgA11iYCADXWJgIANdYmAgA11iYCADXWJgIANdYmAgA21iYCADbWJgIANtYmAgA21iYC',
  'ADbWJgIANtYmAgA21iYCADbWJgIANtYmAgA21iYCADfWJgIAN9YmAgA31iYCADfWJgIAN9YmAgA31iYCADfWJgIAN9YmAgA31iYC',
  'ADfWJgIAONYmAgA41iYCADjWJgIAONYmAgA41iYCADjWJgIAONYmAgA41iYCADjWJgIAONYmAgA51iYCADnWJgIAOdYmAgA51iYC',
  'ADnWJgIAOdYmAgA51iYCADnWJgIAOdYmAgA51iYCBDEw1icCBDEw1igCBDEw1ikCBDEw1ioCBDEw1isCBDEw1iwCBDEw1i0CBDEw',
  '1i4CBDEw1i8CBDEw2jAC4ocV2jAC3okV3ooV3osV3owV3o0V3o4V3o8V2pAVADHakRUAMdqSFQAx2pMVADHalBUAMdqVFQAx2pYV',
  'ADHalxUAMdqYFQAx2pkVADHamhUAMdqbFQAx2pwVADHanRUAMdqeFQAx2p8VADHaoBUAMdqhFQAx2qIVADHaoxUAMdqkFQAx2qUV',
  'ADHaphUAMdqnFQAx2qgVADHaqRUAMdqqFQAx2qsVADHarBUAMdqtFQAx2q4VADHarxUAMdqwFQAx2rEVADHashUAMdqzFQAx2rQV',
  'ADHatRUAMdq2FQAx2rcVADHauBUAMdq5FQAx2roVADHauxUAMdq8FQAx2r0VADHavhUAMdq/FQAx2sAVADHawRUAMdrCFQAx2sMV',
  'ADHaxBUAMdrFFQAx2sYVADHaxxUAMdrIFQAx2skVADHayhUAMdrLFQAx2swVADHazRUAMdrOFQAx2s8VADHa0BUAMdrRFQAx2tIV',
  'ADHa0xUAMdrUFQAx2tUVADHa1hUAMdrXFQAx2tgVADHa2RUAMdraFQAx2tsVADHa3BUAMdrdFQAx2t4VADHa3xUQMTk5fQo=',
].join('')

describe('a block of Snappy', () => {
  const lines = Array.from(
    { length: 200 },
    (_, i) => `{"identity":"invoice-bot","action":"read_file","n":${i}}\n`,
  ).join('')

  it('is what another implementation packed', () => {
    const block = unsnappy(Buffer.from(BLOCK, 'base64'), 100_000)
    expect(block.ok && block.bytes.toString()).toBe(lines)
    expect(unsnappy(Buffer.from(BLOCK, 'base64'), 1_000)).toMatchObject({ ok: false })
    expect(unsnappy(Buffer.of(12, 12, ...Buffer.from('abcd'), 17, 4), 100)).toMatchObject({
      ok: true,
      bytes: Buffer.from('abcdabcdabcd'),
    })
  })

  it('that was cut or changed anywhere is read within its bounds or refused', () => {
    const packed = Buffer.from(BLOCK, 'base64')
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(255), fc.nat(packed.length), (at, byte, end) => {
        const changed = Buffer.from(packed.subarray(0, end))
        if (at < changed.length) changed[at] = byte
        const block = unsnappy(changed, 20_000)
        if (block.ok) expect(block.bytes.length).toBeLessThanOrEqual(20_000)
        if (!block.ok) expect(block.detail).not.toBe('')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a push in protobuf', () => {
  it('has the labels, the nanoseconds and the lines', () => {
    const block = unsnappy(
      Buffer.from(lokiPush('{app="a b", env="x"}', [[1_772_366_400_123_456_789n, 'line']])),
      10_000,
    )
    if (!block.ok) throw new Error(block.detail)
    expect(protobufEntries(block.bytes)).toEqual([
      { labels: expect.objectContaining({ app: 'a b', env: 'x' }), nanos: '1772366400123456789', line: 'line' },
    ])
  })

  it('that is broken throws an error that is caught, and nothing else', () => {
    const whole = unsnappy(
      Buffer.from(
        lokiPush('{a="b"}', [
          [1n, 'line'],
          [2n, 'other'],
        ]),
      ),
      10_000,
    )
    if (!whole.ok) throw new Error(whole.detail)
    fc.assert(
      fc.property(fc.nat(whole.bytes.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole.bytes)
        changed[at] = byte
        try {
          protobufEntries(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
