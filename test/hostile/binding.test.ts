/**
 * Names that are not the sender's: a token that is bound to identities sends for them alone, and nobody else does; a format
 * that a token lists is taken from it alone, so that nobody else speaks for a provider.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeadLetter } from '../../schemas/dead-letter.ts'
import { samplesOf } from '../conformance/formats/samples.ts'
import { openRoom } from '../support/opened.ts'
import { until } from '../support/service.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'

const whenOver: string[] = []
let room: CollectorRoom
beforeAll(async () => {
  room = await openCollector()
})
afterAll(async () => {
  await room.close()
  await Promise.all(whenOver.map((directory) => rm(directory, { recursive: true, force: true })))
})

interface Answer {
  readonly status: number
  readonly body: string
}

async function send(token: string, identities: readonly string[], path = '/v1/events'): Promise<Answer> {
  const events = identities.map((identity, n) => ({ identity, id: `${token}-${n}`, action: 'read_file' }))
  const answer = await room.post(path, JSON.stringify(events), { authorization: `Bearer ${token}` })
  return { status: answer.status, body: await answer.text() }
}
const otlp = (agent: string): string =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'gen_ai.agent.id', value: { stringValue: agent } }] },
        scopeLogs: [{ logRecords: [{ eventName: 'gen_ai.user.message', body: { stringValue: 'Hello.' } }] }],
      },
    ],
  })

const taken = async (): Promise<Map<string, string>> =>
  new Map((await room.events()).map(({ identity, identity_assurance: assurance }) => [identity, assurance]))

describe('a token that is bound to identities', () => {
  it('sends for them, and they count as authenticated', async () => {
    expect((await send('bound-token', ['guard', 'guard-7'])).status).toBe(200)
    expect((await taken()).get('guard-7')).toBe('token')
  })

  it('names the proxies that its sources stand behind', async () => {
    const event = { identity: 'guard-11', action: 'read_file', source_address: '198.51.100.7, 203.0.113.4' }
    for (const [token, identity] of [
      ['bound-token', 'guard-11'],
      ['live-token', 'not-behind'],
    ] as const) {
      const answer = await room.post('/v1/events', JSON.stringify([{ ...event, identity }]), {
        authorization: `Bearer ${token}`,
      })
      expect(answer.status).toBe(200)
    }
    const addresses = new Map((await room.events()).map((one) => [one.identity, one.source_address]))
    expect([addresses.get('guard-11'), addresses.get('not-behind')]).toEqual(['198.51.100.7', '203.0.113.4'])
  })

  it('sends for nobody else, says why, and loses nothing of the rest', async () => {
    const answer = await send('bound-token', ['guard-8', 'somebody', 'guardian'])
    expect(answer.body).toContain('the token \\"bound\\" is bound to other identities')
    const identities = await taken()
    expect([identities.has('guard-8'), identities.has('somebody'), identities.has('guardian')]).toEqual([
      true,
      false,
      false,
    ])
    expect((await room.deadLetters()).map(({ reason }) => reason)).toEqual(['refused', 'refused'])
  })
})

describe('a token that is bound to nobody', () => {
  it('cannot take the name of an identity that another token is bound to, through no door', async () => {
    const before = (await room.events()).length
    expect((await send('live-token', ['guard-9'])).body).toContain('other tokens are bound to it')
    expect((await send('both-token', ['guard'])).body).toContain('other tokens are bound to it')
    await room.post('/v1/logs', otlp('guard-10'))
    expect((await room.events()).length).toBe(before)
  })

  it('sends for all others, whose names are claims', async () => {
    expect((await send('live-token', ['free'])).status).toBe(200)
    expect((await taken()).get('free')).toBe('claimed')
  })

  it('is another tenant’s business there', async () => {
    expect((await send('other-token', ['guard'])).status).toBe(200)
    expect((await room.events()).filter(({ tenant }) => tenant === 'globex')).toHaveLength(1)
  })
})

describe('a token that lists formats', () => {
  const post = async (token: string, path: string, body: unknown): Promise<string> => {
    const answer = await room.post(path, JSON.stringify(body), { authorization: `Bearer ${token}` })
    return await answer.text()
  }

  it('speaks for the provider: its records are as sure as the provider, and nobody else sends them, through no door', async () => {
    const [request] = (await samplesOf('okta')).own
    for (const path of ['/v1/okta', '/v1/records'])
      expect(await post('live-token', path, request)).toContain('because other tokens list it')
    const okta = async () => (await room.events()).filter(({ source }) => source === 'okta')
    expect(await okta()).toEqual([])
    expect(await post('provider-token', '/v1/okta', request)).not.toContain('because')
    const events = await okta()
    expect(events.length).toBeGreaterThan(0)
    for (const { identity_assurance: assurance } of events) expect(assurance).toBe('provider')
  })

  it('sends no other format', async () => {
    const [request] = (await samplesOf('cloudtrail')).own
    expect(await post('provider-token', '/v1/cloudtrail', request)).toContain('sends other formats than cloudtrail')
    // What no token lists is taken as before.
    expect(await post('live-token', '/v1/cloudtrail', request)).not.toContain('tokens.formats')
  })
})

describe('an input that the collector opens itself', () => {
  it('sends as its token may, too', async () => {
    const opened = await openRoom()
    try {
      const directory = await mkdtemp(join(tmpdir(), 'moltwatch-binding-'))
      whenOver.push(directory)
      const file = join(directory, 'events.log')
      const line = (identity: string): string => `${JSON.stringify({ identity, action: 'read_file' })}\n`
      await writeFile(file, line('guard-1') + line('free'))
      await opened.open([{ name: 'tail', type: 'file', token: 'edge', paths: [file] }], directory)
      await until(
        () => opened.letters(),
        (letters) => letters.length === 1,
      )
      expect((await opened.events()).map(({ identity }) => identity)).toEqual(['free'])
      expect((await opened.letters()).map(({ reason }) => reason)).toEqual(['refused'])
    } finally {
      await opened.close()
    }
  })
})

describe('a dead letter that is sent again', () => {
  const resend = async (...ids: readonly string[]): Promise<unknown> => {
    const answer = await room.post('/v1/dead-letters/resend', JSON.stringify({ ids }), {
      authorization: 'Bearer both-token',
    })
    return answer.json()
  }

  const refused = async (text: string): Promise<DeadLetter> => {
    const letter = (await room.deadLetters()).find(({ record }) => record.includes(text))
    if (letter === undefined) throw new Error(`no letter holds ${text}`)
    return letter
  }

  it('lends its sender no name that its own token may not use', async () => {
    await send('live-token', ['guard-31'])
    const letter = await refused('guard-31')
    expect(letter).toMatchObject({ sender: 'live', reason: 'refused' })
    expect(await resend(letter.id)).toMatchObject({
      sent: 0,
      letters: [{ status: 'rejected', detail: expect.stringContaining('may not send for this identity') }],
    })
    expect((await taken()).has('guard-31')).toBe(false)
  })

  it('becomes what its sender could have sent, and was no letter of before that named no sender', async () => {
    const letter = await refused('guard-31')
    const record = (name: string): string => letter.record.replaceAll('guard-31', name)
    const own = { ...letter, id: 'a'.repeat(32), sender: 'bound', record: record('guard-32') }
    const { sender: _, ...old } = { ...letter, id: 'b'.repeat(32), record: record('guard-33') }
    await room.log.append(
      'dead-letters',
      0,
      [own, old].map((one) => ({ key: null, value: Buffer.from(JSON.stringify(one)) })),
    )
    expect(await resend(own.id, old.id)).toMatchObject({ sent: 1 })
    const identities = await taken()
    expect([identities.get('guard-32'), identities.has('guard-33')]).toEqual(['token', false])
  })
})
