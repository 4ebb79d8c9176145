/** Syslog over TCP, TLS and UDP: who may send, in whose name, within which bounds; what is dropped is counted. */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPENED_INPUTS } from '../../../services/collector/opened/registry.ts'
import { parseConfig } from '../../../services/lib/config.ts'
import { type OpenRoom, openRoom } from '../../support/opened.ts'
import { eventually } from '../../support/responder.ts'
import { freePort } from '../../support/service.ts'

const record = (id: string) =>
  JSON.stringify({ id, identity: 'courier', action: 'read_file', time: '2026-03-01T12:00:00Z' })
const syslog = (text: string) => `<13>1 2026-03-01T12:00:00Z h app - - - ${text}`

describe('syslog', () => {
  let room: OpenRoom
  let folder: string
  beforeAll(async () => {
    room = await openRoom()
    folder = mkdtempSync(join(tmpdir(), 'moltwatch-tls-'))
  })
  afterAll(async () => {
    await room.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const ids = async (): Promise<string[]> => (await room.events()).map(({ source_id }) => source_id)
  const has = (...wanted: string[]) =>
    eventually(wanted.join(), async () => {
      const all = new Set(await ids())
      return wanted.every((id) => all.has(id))
    })
  const tcp = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }

  it('over TCP is taken counted and by lines, JSON and pairs, and in the tenant of its token', async () => {
    const port = await freePort()
    await room.open([{ name: 'tcp', type: 'syslog', token: 'edge', port }])
    const socket = await tcp(port)
    const counted = syslog(`@cee: ${record('t1')}`)
    socket.write(`${Buffer.byteLength(counted)} ${counted}`)
    socket.write(`${syslog(record('t2'))}\n${syslog('id=t3 identity=courier action=read_file')}\n`)
    socket.write(`${syslog('plain prose')}\n${syslog('{"hello":"world"}')}\n`)
    socket.end(syslog(record('t4')))
    await has('t1', 't2', 't3', 't4')
    const events = await room.events()
    expect(new Set(events.map(({ tenant }) => tenant))).toEqual(new Set(['acme']))
    expect(events.find(({ source_id }) => source_id === 't3')).toMatchObject({
      time: Date.UTC(2026, 2, 1, 12),
      sender: 'edge',
    })
    await eventually('the prose', async () => (await room.count('tcp', 'plain')) === 1)
    expect(await room.letters()).toMatchObject([{ reason: 'malformed' }])
  })

  it('over UDP is taken from whom it may, and what is too much is dropped and counted', async () => {
    const port = await freePort()
    await room.open([
      { name: 'udp', type: 'syslog', protocol: 'udp', token: 'edge', port, from: ['127.0.0.0/8'], lines_per_s_max: 50 },
    ])
    const socket = createSocket('udp4')
    const send = (text: string) => new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve))
    await send(syslog(record('u1')))
    await has('u1')
    for (let i = 0; i < 200; i++) await send(syslog(record(`many-${i}`)))
    await eventually('a drop', async () => (await room.count('udp', 'rate')) > 0)
    const strangers = await freePort()
    await room.open([
      { name: 'closed', type: 'syslog', protocol: 'udp', token: 'edge', port: strangers, from: ['192.0.2.0/24'] },
    ])
    socket.send(syslog(record('u2')), strangers, '127.0.0.1')
    await eventually('a refusal', async () => (await room.count('closed', 'unauthorised')) === 1)
    expect(await ids()).not.toContain('u2')
    socket.close()
  })

  it('over TLS is in the name of the certificate, and nobody without one is heard', async () => {
    const at = (name: string) => join(folder, name)
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=authority')
    for (const name of ['localhost', 'globex-relay', 'stranger']) {
      openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-days',
        '2',
      )
    }
    const port = await freePort()
    const files = { cert_file: at('localhost.pem'), key_file: at('localhost.key'), client_ca_file: at('ca.pem') }
    await room.open([
      {
        name: 'tls',
        type: 'syslog',
        protocol: 'tls',
        token: 'edge',
        port,
        ...files,
        clients: [{ name: 'globex-relay', token: 'other' }],
      },
    ])
    const as = (name: string | undefined) => {
      const own =
        name === undefined ? {} : { cert: readFileSync(at(`${name}.pem`)), key: readFileSync(at(`${name}.key`)) }
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: readFileSync(at('ca.pem')),
        ...own,
      })
      socket.on('error', () => {})
      return socket
    }
    const good = as('globex-relay')
    good.end(`${syslog(record('s1'))}\n`)
    await has('s1')
    expect((await room.events()).find(({ source_id }) => source_id === 's1')).toMatchObject({
      tenant: 'globex',
      sender: 'other',
    })
    for (const name of [undefined, 'stranger']) as(name).end(`${syslog(record('s2'))}\n`)
    await eventually('two refusals', async () => (await room.count('tls', 'unauthorised')) === 2)
    expect(await ids()).not.toContain('s2')
  })

  it('holds on while the log is not ready, stops reading, and loses nothing', async () => {
    const port = await freePort()
    await room.open([{ name: 'slow', type: 'syslog', token: 'edge', port }])
    room.notReady = true
    const socket = await tcp(port)
    const wanted = Array.from({ length: 500 }, (_, i) => `slow-${i}`)
    socket.end(wanted.map((id) => `${syslog(record(id))}\n`).join(''))
    await once(socket, 'finish')
    expect(await ids()).not.toContain('slow-0')
    room.notReady = false
    await has(...wanted)
  })

  it('bounds connections, each address to a share of them, and the length of a message', async () => {
    const port = await freePort()
    await room.open([{ name: 'few', type: 'syslog', token: 'edge', port, connections_max: 2 }])
    const first = await tcp(port)
    const others = await Promise.all([tcp(port), tcp(port)])
    for (const other of others) other.on('error', () => {})
    await eventually('refusals', async () => (await room.count('few', 'connections')) >= 2)
    first.write(`${'x'.repeat(100_000)}\n${syslog(record('f1'))}\n`)
    await has('f1')
    expect(await room.count('few', 'too_long')).toBe(1)
    for (const socket of [first, ...others]) socket.destroy()
  })

  it('is refused with what is wrong in its settings', () => {
    const tokens = [
      { name: 'edge', token: 'x', role: 'sender' },
      { name: 'reader', token: 'y', role: 'analyst' },
    ]
    const problems = (input: object): string => {
      const outcome = parseConfig(
        JSON.stringify({ tokens, inputs: [{ name: 'a', type: 'syslog', token: 'edge', ...input }] }),
        { inputTypes: OPENED_INPUTS },
      )
      return outcome.ok ? '' : outcome.problems.map(({ path, message }) => `${path} ${message}`).join('\n')
    }
    expect(problems({})).toBe('')
    expect(problems({ host: '0.0.0.0' })).toContain('is open to others')
    expect(problems({ protocol: 'tls' })).toContain('needs cert_file and key_file')
    expect(problems({ from: ['nowhere'] })).toContain('is no address')
    expect(problems({ token: 'edg' })).toContain('did you mean "edge"?')
    expect(problems({ token: 'reader' })).toContain('whose role may not send')
    expect(problems({ type: 'syslogg' })).toContain('did you mean "syslog"?')
    expect(problems({ prot: 1 })).toContain('inputs[0].prot unknown key')
    expect(problems({ clients: [{ name: 'x', token: 'nobody' }], protocol: 'tls' })).toContain('unknown token "nobody"')
  })
})
