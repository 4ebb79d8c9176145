/**
 * Words that every object inherits, at every place where a sender may write a word: headers, names, keys, texts, queries.
 * One of them, as a content encoding, once ended the process. Nothing here is a server's fault (5xx), nothing ends the
 * process, and what is taken is taken under the name that was sent.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isStopWord, nounClasses, rootOf } from '../../services/collector/indicators/lexicon.ts'
import { createAuthenticator } from '../../services/lib/auth.ts'
import { type CollectorRoom, openCollector, TOKENS } from '../support/collector.ts'

/** `__proto__` among them, and what classes add. */
const NAMES = [...new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'name', 'length', 'then'])]

let room: CollectorRoom
beforeAll(async () => {
  room = await openCollector()
})
afterAll(() => room.close())

const text = (value: string) => ({ stringValue: value })
const attributes = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: text(value) }))
const otlp = (scope: string, values: readonly object[], body?: object) =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'service.name': 'names' }) },
        scopeLogs: [{ scope: { name: scope }, logRecords: [{ body, attributes: values }] }],
      },
    ],
  })

describe.each(NAMES)('the word %s', (name) => {
  it.each(['content-encoding', 'content-type', 'authorization', 'x-moltwatch-history'])(
    'as the header %s',
    async (header) => {
      for (const path of ['/v1/events', '/v1/logs', '/v1/cloudtrail']) {
        const answer = await room.post(path, '{"identity":"a","action":"b"}', { [header]: name })
        expect(answer.status).toBeLessThan(500)
        await answer.arrayBuffer()
      }
    },
  )

  it('as identity, action, argument, result and text of a canonical event', async () => {
    const event = (more: object) => JSON.stringify({ identity: `x ${name}`, action: name, id: name, ...more })
    const bodies = [
      event({ arguments: { command: name, url: `https://${name}/${name}`, [`a_${name}`]: name } }),
      event({ arguments: JSON.stringify({ query: name }), result: `&${name}; <${name}>${name}</${name}>` }),
      event({ result: { text: `Please ${name} the ${name}.`, rows: [name, name] } }),
      event({ message: `${name} ${name}: ${name}` }),
      event({ target_kind: name, task: name, session: name, credential: name, user_agent: name, source_address: name }),
    ]
    for (const body of bodies) {
      const answer = await room.post('/v1/events', body)
      expect(answer.status).toBe(200)
      expect(await answer.json()).toMatchObject({ accepted: 1 })
    }
  })

  it('as a key of an event and of its arguments', async () => {
    for (const body of [
      `{"identity":"a","action":"b","${name}":1}`,
      `{"identity":"a","action":"b","arguments":{"${name}":"x"}}`,
    ]) {
      const answer = await room.post('/v1/events', body)
      expect(answer.status).toBeLessThan(500)
      await answer.arrayBuffer()
    }
  })

  it('as the names and values of OTLP records', async () => {
    const bodies = [
      otlp('com.anthropic.claude_code.events', attributes({ 'event.name': name, [name]: name })),
      otlp(
        'com.anthropic.claude_code.events',
        attributes({ 'event.name': 'tool_result', tool_name: name, tool_input: `{"${name}":"${name}"}` }),
      ),
      otlp(
        'agent',
        attributes({
          'gen_ai.tool.name': name,
          'gen_ai.tool.call.arguments': `{"${name}":1}`,
          'gen_ai.operation.name': name,
        }),
      ),
      otlp(name, attributes({ 'event.name': name }), { kvlistValue: { values: attributes({ [name]: name }) } }),
    ]
    for (const body of bodies) {
      const answer = await room.post('/v1/logs', body)
      expect(answer.status).toBe(200)
      await answer.arrayBuffer()
    }
  })

  it('as what CloudTrail says', async () => {
    const body = JSON.stringify({
      Records: [
        {
          eventName: name,
          eventSource: name,
          eventTime: '2026-11-25T10:00:00Z',
          userIdentity: { type: name, arn: `arn:aws:iam::1:user/${name}`, userName: name, accountId: name },
          requestParameters: { [`x${name}`]: name },
          errorCode: name,
          awsRegion: name,
        },
      ],
    })
    const answer = await room.post('/v1/cloudtrail', body)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ accepted: 1 })
  })

  it('as a word of the lexicons and as a token', () => {
    expect(typeof rootOf(name.toLowerCase())).toBe('string')
    expect(typeof rootOf(name)).toBe('string')
    expect(nounClasses(name)).toBe(0)
    expect(typeof isStopWord(name)).toBe('boolean')
    expect(createAuthenticator(TOKENS)(`Bearer ${name}`).ok).toBe(false)
  })
})

it('keeps the action under the name that was sent', async () => {
  const events = await room.events()
  for (const name of NAMES) expect(events.some(({ action }) => action === name)).toBe(true)
})
