/** How the console is served: with a policy that lets nothing but its own files run, and to nobody's frame. */
import { beforeAll, describe, expect, it } from 'vitest'
import { warehouse } from '../warehouse/support.ts'
import { type Api, api } from './support.ts'

describe('the console', () => {
  let room: Api
  beforeAll(async () => {
    room = await api(await warehouse())
  })

  it.each(['/console/', '/console/incidents/4f', '/console/agents/a%2Fb'])(
    'answers %s with its one page',
    async (url) => {
      const answer = await room.app.inject({ url })
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['content-type']).toContain('text/html')
      const policy = String(answer.headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toContain('unsafe')
      expect(answer.headers['x-frame-options']).toBe('DENY')
      // What the policy forbids must not be there either.
      expect(answer.body).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>|style=|onload=/)
    },
  )

  it('serves the files that the page names, to be kept for long', async () => {
    const page = (await room.app.inject({ url: '/console/' })).body
    const names = [...page.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, name]) => name as string)
    expect(names.length).toBeGreaterThan(1)
    for (const url of names) {
      const answer = await room.app.inject({ url })
      expect([url, answer.statusCode]).toEqual([url, 200])
      expect(answer.headers['cache-control']).toContain('immutable')
    }
  })

  it('is small: no validator comes along with a constant of a schema', async () => {
    const page = (await room.app.inject({ url: '/console/' })).body
    const [, script = ''] = /src="(\/console\/assets\/[^"]+\.js)"/.exec(page) ?? []
    const { length } = (await room.app.inject({ url: script })).rawPayload
    expect(length).toBeGreaterThan(10_000)
    expect(length).toBeLessThan(120_000)
  })

  it.each(['/console/assets/..%2f..%2fclient.ts', '/console/assets/nothing.js'])('has nothing at %s', async (url) => {
    expect([404, 403, 400]).toContain((await room.app.inject({ url })).statusCode)
  })

  it('leads there from the root', async () => {
    expect((await room.app.inject({ url: '/' })).headers['location']).toBe('/console/')
  })
})
