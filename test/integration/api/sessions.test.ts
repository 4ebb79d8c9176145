/** Sessions of a browser: a token becomes a cookie, and what the cookie may do is what the token may do at that moment. */
import { beforeAll, describe, expect, it } from 'vitest'
import { warehouse } from '../warehouse/support.ts'
import { type Api, api, TOKENS } from './support.ts'

interface Opened {
  readonly status: number
  readonly cookie: string
  readonly attributes: string
  readonly csrf: string
  readonly body: unknown
}

describe('sessions', () => {
  let room: Api
  const open = async (token: string): Promise<Opened> => {
    const answer = await room.app.inject({ method: 'POST', url: '/console/session', payload: { token } })
    const header = String(answer.headers['set-cookie'] ?? '')
    const body = answer.json<{ csrf_token?: string }>()
    return {
      status: answer.statusCode,
      cookie: header.split(';', 1)[0] ?? '',
      attributes: header,
      csrf: body.csrf_token ?? '',
      body,
    }
  }
  const ask = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    headers: Record<string, string>,
    payload?: object,
  ) => (await room.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })).statusCode
  const order = { type: 'stop', reason: 'a test' }

  beforeAll(async () => {
    room = await api(await warehouse())
  })

  it('trades a token for a cookie that no script can read and no other site sends', async () => {
    const session = await open(TOKENS.analyst)
    expect(session.status).toBe(200)
    expect(session.body).toMatchObject({ name: 'soc', tenant: 'acme', role: 'analyst' })
    expect(session.attributes).toMatch(/HttpOnly/)
    expect(session.attributes).toMatch(/SameSite=Strict/)
    expect(session.attributes).not.toContain(TOKENS.analyst)
    expect(await ask('GET', '/v1/incidents', { cookie: session.cookie })).toBe(200)
    expect(await ask('GET', '/console/session', { cookie: session.cookie })).toBe(200)
  })

  it('refuses tokens that are unknown or may not read, and cookies that it did not give', async () => {
    expect((await open('mw_nobody')).status).toBe(401)
    expect((await open(TOKENS.sender)).status).toBe(403)
    expect(await ask('GET', '/v1/incidents', { cookie: 'moltwatch_session=guessed' })).toBe(401)
    expect(await ask('GET', '/console/session', {})).toBe(204)
  })

  it('changes something only with the CSRF token of its own session', async () => {
    const [mine, other] = [await open(TOKENS.acme), await open(TOKENS.acme)]
    const { cookie } = mine
    expect(await ask('POST', '/v1/commands', { cookie }, order)).toBe(403)
    expect(await ask('POST', '/v1/commands', { cookie, 'x-csrf-token': other.csrf }, order)).toBe(403)
    expect(await ask('POST', '/v1/commands', { cookie, 'x-csrf-token': mine.csrf }, order)).toBe(202)
  })

  it('reads nothing of another tenant', async () => {
    const session = await open(TOKENS.globex)
    const answer = await room.app.inject({ url: '/console/session', headers: { cookie: session.cookie } })
    expect(answer.json()).toMatchObject({ tenant: 'globex' })
  })

  it('ends when a person logs out', async () => {
    const { cookie, csrf } = await open(TOKENS.acme)
    expect(await ask('DELETE', '/console/session', { cookie })).toBe(403)
    expect(await ask('DELETE', '/console/session', { cookie, 'x-csrf-token': csrf })).toBe(204)
    expect(await ask('GET', '/v1/incidents', { cookie })).toBe(401)
  })
})
