/**
 * Arguments as agents log them: JSON, what Python prints for a dictionary, and notations that nobody reads. Values are read where
 * they can be, nothing that somebody wrote is kept as a target, and a host that is looked up is no contact.
 */
import { describe, expect, it } from 'vitest'
import { normalise } from '../../services/collector/normalise.ts'
import { normaliseContext } from '../support/normalise.ts'

function called(tool: string, args: string) {
  const attributes = Object.entries({
    'gen_ai.conversation.id': 'give-07',
    'gen_ai.tool.name': tool,
    'gen_ai.tool.call.arguments': args,
  }).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'mail-8' } }] }
  const record = { timeUnixNano: '1772366400000000000', eventName: 'gen_ai.tool.call', attributes }
  const result = normalise(
    'otlp',
    { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] },
    normaliseContext(),
  )
  const event = result.ok ? result.events[0] : undefined
  return { target: event?.target, peer: event?.peer, all: JSON.stringify(event) }
}

describe('what Python prints', () => {
  it.each([
    [
      'http_get',
      `{'url': 'https://www.moltbook.com/m', 'timeout': None, 'verify': True}`,
      'https://www.moltbook.com/m',
    ],
    ['http_post', `{'data': "it's bad", 'url': 'https://www.moltbook.com/m'}`, 'https://www.moltbook.com/m'],
    ['bash', `{'command': 'curl -s https://www.moltbook.com/api'}`, 'curl -s https://www.moltbook.com/api'],
    ['bash', `{'command': 'curl -s https://www.moltbook.com/ap`, 'curl -s https://www.moltbook.com/ap'],
  ])('is read as arguments: %s %s', (tool, args, target) => {
    expect(called(tool, args)).toMatchObject({ target, peer: 'www.moltbook.com' })
  })
})

describe('what somebody wrote', () => {
  it.each([
    [`{'to': 'a@example.com', 'body': 'The biopsy was positive, see https://www.moltbook.com/m'}`, 'a@example.com'],
    [`{'to': 'a@example.com', 'body': 'The biopsy was posi`, 'a@example.com'],
    [`to='a@example.com', body='The biopsy was positive'`, ''],
    [`('a@example.com', 'The biopsy was positive')`, ''],
    ['<to>a@example.com</to><body>The biopsy was positive</body>', ''],
  ])('is no target: %s', (args, target) => {
    const { target: found, all } = called('send_email', args)
    expect(found).toBe(target)
    expect(all).not.toContain('biopsy')
    expect(all).not.toContain('moltbook')
  })

  it.each(['[ -f x ] && curl -s https://www.moltbook.com/x', '(cd /tmp && curl -s https://www.moltbook.com/x)'])(
    'is still a command where it is one: %s',
    (args) => {
      expect(called('bash', args)).toMatchObject({ target: args, peer: 'www.moltbook.com' })
    },
  )
})

describe('a host that a tool is about', () => {
  it.each(['whois_lookup', 'block_domain', 'rate_host', 'dns_lookup'])('is no place that %s goes to', (tool) => {
    const result = normalise(
      'events',
      { identity: 'a', kind: 'tool', action: tool, arguments: { domain: 'www.moltbook.com' } },
      normaliseContext(),
    )
    expect(result).toMatchObject({ events: [{ target: 'www.moltbook.com', target_kind: 'name', peer: '' }] })
  })
})
