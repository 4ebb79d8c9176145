/** What a sink says of a receiver that refuses, stalls or has the wrong certificate: enough for a person to mend it. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Default } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Notice } from '../../../schemas/notice.ts'
import { systemResolve } from '../../../services/responder/sinks/lib/connector.ts'
import { SINK_TYPES } from '../../../services/responder/sinks/registry.ts'
import type { AnySinkType } from '../../../services/responder/sinks/sink-type.ts'
import { certificate } from '../../support/certificate.ts'

const directory = mkdtempSync(join(tmpdir(), 'moltwatch-reasons-'))
const TEST: Notice = {
  type: 'sink.test',
  time: '2026-01-05T12:00:00.000Z',
  data: { id: 'a', tenant: 'default', sink: 'siem', detail: 'A person tries.' },
}
const KEY = 'k3y-that-must-not-be-told-0123456789'

/** What the next refusal is, and what it says. */
let refusal: readonly [status: number, body: string] = [500, '']
const { key, cert, file } = certificate(directory)
const servers = {
  refusing: createHttp((request, response) => {
    request.resume().on('end', () => response.writeHead(refusal[0]).end(refusal[1]))
  }),
  stalling: createTcp((socket) => socket.on('error', () => undefined).resume()),
  secured: createHttps({ key, cert }, (request, response) => {
    request.resume().on('end', () => response.end('{}'))
  }),
} satisfies Readonly<Record<string, Server>>
type Name = keyof typeof servers

const portOf = (name: Name): number => (servers[name].address() as AddressInfo).port

beforeAll(async () => {
  for (const server of Object.values(servers)) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
})
afterAll(() => {
  for (const server of [servers.refusing, servers.secured]) server.closeAllConnections()
  for (const server of Object.values(servers)) server.close()
  rmSync(directory, { recursive: true })
})

const HTTP_TYPES = SINK_TYPES.filter((type) => 'url' in type.settings.properties)
const typeOf = (name: string): AnySinkType => SINK_TYPES.find(({ type }) => type === name) as AnySinkType

async function reason(type: AnySinkType, settings: object): Promise<string> {
  const whole = Default(type.settings, { ...type.example, allow_private: true, ...settings }) as Record<string, unknown>
  const channel = type.open(whole, { resolve: systemResolve, timeoutMs: 1_000 })
  const { detail } = await channel.send(type.render(TEST, whole), { id: 'a'.repeat(32), nowMs: Date.now() })
  await channel.destroy()
  return detail
}

describe.each(HTTP_TYPES.map((type) => [type.type, type] as const))('%s', (_name, type) => {
  it.each([
    ['that stalls', 'http', 'stalling', {}, 'timed out: connected, but no answer within 1 s'],
    ['without TLS', 'https', 'refusing', {}, 'does not speak TLS at this port'],
    ['with a certificate of its own', 'https', 'secured', {}, 'name the authority that signed it in ca_file'],
    ['whose ca_file is away', 'https', 'secured', { ca_file: join(directory, 'none.pem') }, 'is not there (ENOENT)'],
  ] as const)('says of a receiver %s what to mend', async (_what, scheme, server, more, words) => {
    expect(await reason(type, { url: `${scheme}://127.0.0.1:${portOf(server)}/`, ...more })).toContain(words)
  })

  it('trusts the authority that ca_file names', async () => {
    expect(await reason(type, { url: `https://127.0.0.1:${portOf('secured')}/`, ca_file: file })).toMatch(
      /^answered 200/,
    )
  })
})

describe('what a receiver answers', () => {
  const told = async (type: string, status: number, body: string, settings: object = {}): Promise<string> => {
    refusal = [status, body]
    return reason(typeOf(type), { url: `http://127.0.0.1:${portOf('refusing')}/services`, ...settings })
  }

  it.each([
    ['slack', 403, 'invalid_token', 'answered 403: invalid_token'],
    ['splunk-hec', 403, '{"text":"Invalid token","code":4}', 'answered 403: Invalid token'],
    [
      'pagerduty',
      400,
      '{"status":"invalid event","message":"Event object is invalid","errors":["Length of routing_key is wrong"]}',
      'answered 400: Event object is invalid; Length of routing_key is wrong',
    ],
    [
      'teams',
      401,
      '{"error":{"code":"Expired","message":"The URL has expired."}}',
      'answered 401: The URL has expired.',
    ],
    [
      'elasticsearch',
      401,
      '{"error":{"root_cause":[],"type":"security_exception","reason":"unable to authenticate"},"status":401}',
      'answered 401: unable to authenticate',
    ],
    ['alertmanager', 502, '<html><body>Bad gateway</body></html>', 'answered 502'],
    ['webhook', 500, '', 'answered 500'],
  ])('is told: %s', async (type, status, body, words) => {
    expect(await told(type, status, body)).toBe(words)
  })

  it('is told in one line, cut, and without what was sent', async () => {
    const answer = `bad\n\u202ekey ${KEY} at /services/collector/event ${'x '.repeat(1_000)}`
    const detail = await told('splunk-hec', 400, JSON.stringify({ text: answer }), { token: KEY })
    expect(detail).not.toContain(KEY)
    expect(detail).not.toMatch(/[\n\u202e]/)
    expect(detail.length).toBeLessThan(400)
  })
})

describe('other ways', () => {
  it.each([
    ['smtp', 'secured', { security: 'tls' }, 'name the authority that signed it in ca_file'],
    ['smtp', 'refusing', { security: 'tls' }, 'does not speak TLS at this port'],
    ['smtp', 'stalling', { security: 'none' }, 'timed out: no answer within 1 s'],
    ['syslog', 'secured', { protocol: 'tls' }, 'name the authority that signed it in ca_file'],
    ['syslog', 'stalling', { protocol: 'tls' }, 'timed out'],
    ['syslog', 'stalling', { protocol: 'tcp' }, 'sent over tcp; syslog acknowledges nothing'],
  ] as const)('%s to a receiver that is %s says what to mend', async (type, server, more, words) => {
    expect(await reason(typeOf(type), { host: '127.0.0.1', port: portOf(server), ...more })).toContain(words)
  })

  it('kafka says it of the broker', async () => {
    const [withTls, kafka] = [{ ssl: true, username: undefined, password: undefined }, typeOf('kafka')]
    const detail = await reason(kafka, { brokers: [`127.0.0.1:${portOf('secured')}`], ...withTls })
    expect(detail).toContain('name the authority that signed it in ca_file')
  })
})
