/**
 * Tokens that people make: told once, kept as hashes, in force at once and after a kill, for as long as nobody revokes them
 * and their time has not run out; known to a process that only follows the state.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { addTokens } from '../../../services/commands/tokens/tokens.ts'
import { createAuthenticator } from '../../../services/lib/auth.ts'
import { tokensIn, withMadeTokens } from '../../../services/lib/made-tokens.ts'
import { createStateView } from '../../../services/lib/state-view.ts'
import { type CommandRoom, createCommandRoom } from '../../support/command-room.ts'
import { eventually, simulatedTime, type TestBench, testBench } from '../../support/responder.ts'
import { planService, type RunningService, startService, TOKEN } from '../../support/service.ts'
import { hash } from 'node:crypto'
import { silent } from '../warehouse/support.ts'

const MINUTES_3 = 180_000

interface Ask {
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Made {
  readonly command_id: string
  readonly token: string
  readonly in_force: boolean
}

describe('a running service', { timeout: MINUTES_3 }, () => {
  let directory: string
  let service: RunningService
  let room: CommandRoom
  let home: string
  const url = (path: string): string => `http://127.0.0.1:${service.plan.port}${path}`
  const ask = (path: string, token: string, init: Ask = {}): Promise<Response> =>
    fetch(url(path), {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
    })
  const make = (body: object, token = TOKEN, headers: Record<string, string> = {}): Promise<Response> =>
    ask('/v1/tokens', token, { method: 'POST', body: JSON.stringify(body), headers })
  const statusOf = async (path: string, token: string): Promise<number> => (await ask(path, token)).status
  const tokens = (args: readonly string[]) => room.run(addTokens, ['tokens', ...args, '--url', url(''), '--data', home])

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-tokens-'))
    service = await startService(await planService(join(directory, 'data')))
    room = createCommandRoom()
    home = dirname(room.file('admin-token', TOKEN))
  }, MINUTES_3)
  afterAll(async () => {
    room?.clear()
    await service?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('gives each role what it may do, and nothing more', async () => {
    const made = new Map<string, string>()
    for (const role of ['admin', 'responder', 'analyst', 'ingest']) {
      const answer = await make({ name: `a-${role}`, role, ...(role === 'admin' ? { scopes: ['live'] } : {}) })
      const body = (await answer.json()) as Made
      expect([answer.status, body.in_force]).toEqual([202, true])
      made.set(role, body.token)
    }
    const stop = { method: 'POST', body: JSON.stringify({ type: 'stop', reason: 'A drill.' }) }
    const suppress = {
      method: 'POST',
      body: JSON.stringify({ detector: 'lateral/recon-burst', until: '2027-01-01T00:00:00Z', reason: 'A scan.' }),
    }
    const event = { method: 'POST', body: JSON.stringify([{ identity: 'a', action: 'b', time: Date.now() }]) }
    const can: Record<string, readonly boolean[]> = {}
    for (const [role, token] of made) {
      const answers = [
        await ask('/v1/incidents', token),
        await ask('/v1/suppressions', token, {
          ...suppress,
          body: suppress.body.replace('-01-01', `-01-0${made.size}`),
        }),
        await ask('/v1/commands', token, stop),
        await make({ name: `by-${role}`, role: 'ingest' }, token),
        await ask('/v1/events', token, event),
      ]
      can[role] = answers.map(({ status }) => status < 300)
    }
    //                  reads  triages orders administers sends
    expect(can).toEqual({
      admin: [true, true, true, true, true],
      responder: [true, true, true, false, false],
      analyst: [true, true, false, false, false],
      ingest: [false, false, false, false, true],
    })
  })

  it('tells the text once and keeps only its hash, wherever one looks', async () => {
    const { token, command_id: id } = (await (await make({ name: 'secret-one', role: 'analyst' })).json()) as Made
    for (const path of ['/v1/tokens', `/v1/tokens/${id}`, `/v1/commands/${id}`, '/v1/tokens/configured']) {
      const text = await (await ask(path, TOKEN)).text()
      expect(text).not.toContain(token)
      expect(text).not.toContain(hash('sha256', token))
    }
    const files = (await readdir(service.plan.data, { recursive: true, withFileTypes: true })).filter((f) => f.isFile())
    expect(files.length).toBeGreaterThan(3)
    for (const file of files) {
      expect((await readFile(join(file.parentPath, file.name))).includes(Buffer.from(token))).toBe(false)
    }
    expect(service.log()).not.toContain(token)
  })

  it('refuses a name that is taken, an end that has passed, and a second text for one key', async () => {
    expect((await make({ name: 'twice', role: 'analyst' })).status).toBe(202)
    expect((await make({ name: 'twice', role: 'admin' })).status).toBe(409)
    expect((await make({ name: 'admin', role: 'analyst' })).status).toBe(409)
    expect((await make({ name: 'past', role: 'analyst', expires_at: '2020-01-01T00:00:00Z' })).status).toBe(409)
    const key = { 'idempotency-key': 'the same' }
    expect((await make({ name: 'once', role: 'analyst' }, TOKEN, key)).status).toBe(202)
    expect((await make({ name: 'once', role: 'analyst' }, TOKEN, key)).status).toBe(409)
  })

  it('keeps them over a kill, and ends them with their sessions when they are revoked', async () => {
    const made = await tokens(['create', 'night-shift', '--role', 'analyst', '--expires', '30d', '--reason', 'Nights.'])
    const token = made.out.trim()
    expect(token).toMatch(/^mw_[\w-]{43}$/)
    await service.kill()
    service = await startService(service.plan)
    expect(await statusOf('/v1/incidents', token)).toBe(200)
    const session = await fetch(url('/console/session'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect((await fetch(url('/v1/incidents'), { headers: { cookie } })).status).toBe(200)
    expect((await tokens(['list'])).out).toMatch(/night-shift +analyst +active/)
    await tokens(['revoke', 'night-shift', '--reason', 'The shift is over.'])
    await eventually('the end', async () => (await statusOf('/v1/incidents', token)) === 401)
    expect(await (await ask('/v1/incidents', token)).text()).toContain('was revoked')
    expect((await fetch(url('/v1/incidents'), { headers: { cookie } })).status).toBe(401)
    expect((await tokens(['list'])).out).toMatch(/night-shift +analyst +revoked/)
    await expect(tokens(['revoke', 'nobody', '--reason', 'x'])).rejects.toThrow('there is no token "nobody"')
  })

  it('answers 429 with a time to wait when one token asks without end, and others go on', async () => {
    const { token } = (await (await make({ name: 'eager', role: 'analyst' })).json()) as Made
    let refused: Response | undefined
    for (let n = 0; n < 200 && refused === undefined; n++) {
      const answers = await Promise.all(Array.from({ length: 100 }, () => ask('/v1/tokens/configured', token)))
      await Promise.all(answers.map((answer) => answer.clone().text()))
      refused = answers.find(({ status }) => status === 429)
    }
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await refused?.json()).toMatchObject({ error: { code: 'too_fast' } })
    expect(await statusOf('/v1/tokens/configured', TOKEN)).toBe(200)
  })
})

describe('a process that follows the state', () => {
  let bench: TestBench | undefined
  afterEach(async () => {
    await bench?.close()
    bench = undefined
  })

  it('knows a token as soon as it is made, and no longer than it holds', async () => {
    const time = simulatedTime()
    bench = await testBench({ clock: time.clock, timers: time.timers })
    const state = createStateView({ log: bench.log, logger: silent, group: 'follower', kinds: ['token'] })
    await state.start()
    const authenticate = withMadeTokens(createAuthenticator([]), tokensIn(state), time.clock)
    const fields = { role: 'ingest', scopes: ['live'], reason: 'A test.' }
    const expires_at = new Date(time.clock.now() + 60_000).toISOString()
    await bench.sendCommand('create-token', { ...fields, name: 'short', sha256: hash('sha256', 'short'), expires_at })
    const id = await bench.sendCommand('create-token', { ...fields, name: 'long', sha256: hash('sha256', 'long') })
    await eventually('both', () => authenticate('Bearer short').ok && authenticate('Bearer long').ok)
    expect(authenticate('Bearer long')).toMatchObject({
      grant: { name: 'long', tenant: 'default', role: 'ingest', scopes: ['live'] },
    })
    await time.advance(61_000)
    expect(authenticate('Bearer short')).toMatchObject({ status: 401, message: expect.stringContaining('has expired') })
    expect(authenticate.ofDigest(hash('sha256', 'short', 'buffer'))).toBeUndefined()
    await eventually('the mark', async () => {
      const token = await bench?.responder.views.tokens('default', { limit: 10, cursor: null })
      return token?.ok === true && token.items.some(({ name, status }) => name === 'short' && status === 'expired')
    })
    await bench.sendCommand('revoke-token', { token_id: id, reason: 'Over.' })
    await eventually('the end', () => !authenticate('Bearer long').ok)
    await bench.restart()
    expect(bench.responder.tokens.all()).toHaveLength(2)
    await state.stop()
  })

  it('makes no token for a stranger: another tenant cannot revoke it', async () => {
    bench = await testBench()
    const fields = { name: 'mine', role: 'ingest', scopes: [], sha256: hash('sha256', 'mine') }
    const id = await bench.sendCommand('create-token', fields)
    const theft = await bench.sendCommand('revoke-token', { token_id: id, reason: 'x' }, 'globex')
    await eventually('both', async () => (await bench?.responder.views.command('globex', theft)) !== undefined)
    expect(await bench.responder.views.command('globex', theft)).toMatchObject({ status: 'nothing' })
    expect(bench.responder.tokens.all()).toMatchObject([{ status: 'active' }])
  })
})
