/** What a dead letter keeps of bytes: base64 without the secrets that stand in them, whatever their length reads as. */
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { bytesRecord } from '../../../services/collector/raw/bytes-record.ts'
import { type AnyValue, encodeOtlp } from '../../support/otlp-protobuf.ts'

const broken = (key: string, value: AnyValue): Buffer => {
  const attributes = [
    { key: 'gen_ai.tool.name', value: { stringValue: 'read_file' } },
    { key, value },
  ]
  return encodeOtlp({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }] }).subarray(0, -1)
}
const kept = (value: Buffer): string => Buffer.from(bytesRecord(value), 'base64').toString('latin1')

const SECRETS = [
  ['ghp_0123456789abcdefghijABCDEFGHIJ012345', '0123456789abcdefghij'],
  ['sk-ant-api03-abcdefghijklmnop0123456789', 'abcdefghijklmnop'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl', 'eyJzdWIiOiJhbGljZSJ9'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----', 'MIIEowIBAAKCAQEA'],
  ['password=correct-horse', 'correct-horse'],
  ['{"api_key": "battery staple"}', 'staple'],
] as const

describe('the record of a dead letter', () => {
  it('is a text in JSON, and anything else in base64', () => {
    expect(bytesRecord(Buffer.from('{"broken": '))).toBe(JSON.stringify('{"broken": '))
    expect(bytesRecord(Buffer.from([0xff, 0xfe, 0]))).toBe('//4A')
    expect(bytesRecord(Buffer.from('a\u0000b'))).toBe(Buffer.from('a\u0000b').toString('base64'))
    expect(bytesRecord(Buffer.alloc(1_000_000, 0xff))).toHaveLength(LIMITS.dead_letter_record_chars_max)
  })

  it('leaves every byte in its place', () => {
    const value = broken('api_key', { stringValue: 'hunter2hunter2' })
    const [before, after] = [value.toString('latin1'), kept(value)]
    expect(after).toBe(before.replace('hunter2hunter', '*'.repeat('hunter2hunter'.length)))
  })

  it.each(SECRETS)('holds no %s', (secret, core) => {
    for (let more = 0; more < 140; more++) {
      const text = `${secret} ${'.'.repeat(more)}`
      expect(kept(broken('note', { stringValue: text })), `${more} more`).not.toContain(core)
    }
    for (const length of [4_200, 8_400]) {
      expect(kept(broken('note', { stringValue: secret.padEnd(length, ' .') }))).not.toContain(core)
    }
  })

  it.each<[string, AnyValue]>([
    ['a text', { stringValue: 'hunter2-hunter2' }],
    ['a long text', { stringValue: `${'x'.repeat(300)}hunter2` }],
    ['bytes', { bytesValue: Buffer.from('hunter2-hunter2').toString('base64') }],
    ['a list', { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'hunter2-hunter2' }] } }],
    ['a map', { kvlistValue: { values: [{ key: 'a', value: { stringValue: 'hunter2-hunter2' } }] } }],
  ])('covers %s under a key that says secret', (_what, value) => {
    for (const key of ['password', 'db.password', 'http.request.header.authorization', 'apiKey']) {
      expect(kept(broken(key, value))).not.toContain('hunter2')
      expect(kept(broken(key, value))).toContain('read_file')
    }
  })
})
