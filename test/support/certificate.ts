/**
 * A key and a certificate for the loopback address that signs itself, for servers of tests: Node makes keys and signs, and
 * the form of a certificate (X.509 in DER, RFC 5280) is written here.
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DAY_MS = 86_400_000

/** One value of DER: its tag, its length, what it holds. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
const hex = (tag: number, digits: string): Buffer => der(tag, Buffer.from(digits, 'hex'))
const utcTime = (ms: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))

const ECDSA_WITH_SHA256 = sequence(hex(0x06, '2a8648ce3d040302'))
const COMMON_NAME = hex(0x06, '550403')
const SUBJECT_ALT_NAME = hex(0x06, '551d11')
const BASIC_CONSTRAINTS = hex(0x06, '551d13')
const TRUE = hex(0x01, 'ff')

const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text)))))

/** For 127.0.0.1 and localhost, for a day; `file` in the directory holds the certificate. */
export function certificate(directory: string): { readonly key: string; readonly cert: string; readonly file: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = nameOf('localhost')
  const hosts = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = sequence(
    sequence(SUBJECT_ALT_NAME, der(0x04, hosts)),
    sequence(BASIC_CONSTRAINTS, TRUE, der(0x04, sequence(TRUE))),
  )
  const now = Date.now()
  const told = sequence(
    der(0xa0, hex(0x02, '02')),
    hex(0x02, '01'),
    ECDSA_WITH_SHA256,
    name,
    sequence(utcTime(now - DAY_MS), utcTime(now + DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', told, privateKey))
  const bytes = sequence(told, ECDSA_WITH_SHA256, signature).toString('base64')
  const lines = bytes.match(/.{1,64}/g) ?? []
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  const file = join(directory, 'cert.pem')
  writeFileSync(file, cert)
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert, file }
}
