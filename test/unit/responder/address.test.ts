/** Which addresses a webhook may go to, in every way of writing them, and what the connector does about it. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressProblem, hostOf } from '../../../services/lib/config/public-address.ts'
import { createConnector, type Resolve } from '../../../services/responder/sinks/lib/connector.ts'

const FORBIDDEN = [
  '127.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2001::1',
  'fc00::1',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  '168.63.129.16',
  '::ffff:168.63.129.16',
  'not-an-address',
  '',
]
const ALLOWED = ['8.8.8.8', '1.1.1.1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2606:4700::1111']

describe('addresses', () => {
  it.each(FORBIDDEN)('refuses %s', (address) => expect(addressProblem(address)).toBeTypeOf('string'))
  it.each(ALLOWED)('allows %s', (address) => expect(addressProblem(address)).toBeUndefined())

  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://127.1/',
  ])('sees through %s', (url) => expect(addressProblem(hostOf(new URL(url)))).toBeTypeOf('string'))

  it('refuses every IPv4 address of the private ranges, however it is wrapped in IPv6', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const inside = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
    )
    fc.assert(
      fc.property(inside, (octets) => {
        const address = octets.join('.')
        for (const form of [address, `::ffff:${address}`, `64:ff9b::${address}`, `::${address}`]) {
          if (addressProblem(form) === undefined) return false
        }
        return true
      }),
    )
  })
})

type Connected = { readonly error: Error | null; readonly address: string | undefined }

const connect = (hostname: string, port: number, resolve: Resolve, allowPrivate = false): Promise<Connected> =>
  new Promise((done) => {
    const connector = createConnector({ allowPrivate, resolve, timeoutMs: 2_000 })
    connector({ hostname, host: `${hostname}:${port}`, protocol: 'http:', port: String(port) }, (error, socket) => {
      done({ error, address: socket?.remoteAddress })
      socket?.destroy()
    })
  })

const answers =
  (...addresses: readonly string[]): Resolve =>
  (_hostname, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

async function withListener(test: (port: number, met: () => number) => Promise<void>): Promise<void> {
  let met = 0
  const server = createServer((socket) => {
    met += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  try {
    await test((server.address() as AddressInfo).port, () => met)
  } finally {
    await new Promise((resolve) => {
      server.close(resolve)
    })
  }
}

describe('connecting', () => {
  it('reaches loopback where it is allowed', () =>
    withListener(async (port) => {
      const { error, address } = await connect('sink.test', port, answers('127.0.0.1'), true)
      expect(error).toBeNull()
      expect(address).toBe('127.0.0.1')
    }))

  it.each([
    ['an address', '127.0.0.1', answers('8.8.8.8')],
    ['a mapped address', '[::ffff:127.0.0.1]', answers('8.8.8.8')],
    ['a name that leads to loopback', 'sink.test', answers('127.0.0.1')],
    ['a name with one private address among public ones', 'sink.test', answers('8.8.8.8', '127.0.0.1')],
    ['the metadata service', 'sink.test', answers('169.254.169.254')],
  ])('refuses %s before any packet is sent', (_what, host, resolve) =>
    withListener(async (port, met) => {
      const { error } = await connect(host, port, resolve)
      expect(error?.name).toBe('AddressRefused')
      expect(met()).toBe(0)
    }),
  )

  it('asks once and connects to what it has checked, so that a name that changes its mind gains nothing', () =>
    withListener(async (port, met) => {
      let asked = 0
      const rebinding: Resolve = (hostname, callback) => {
        asked += 1
        answers(asked === 1 ? '192.0.2.1' : '127.0.0.1')(hostname, callback)
      }
      // The first answer is a documentation address, which is refused as well: nothing may be asked a second time.
      const { error } = await connect('sink.test', port, rebinding)
      expect(error?.name).toBe('AddressRefused')
      expect(asked).toBe(1)
      const again = await connect('sink.test', port, rebinding)
      expect(again.error?.name).toBe('AddressRefused')
      expect(met()).toBe(0)
    }))

  it('says what the resolver says', async () => {
    const missing: Resolve = (_hostname, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    expect((await connect('sink.test', 1, missing)).error).toMatchObject({ code: 'ENOTFOUND' })
    expect((await connect('sink.test', 1, answers())).error?.message).toContain('no address')
  })
})
