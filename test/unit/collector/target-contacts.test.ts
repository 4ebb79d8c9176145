/** Hosts of targets: an act on a URL is a contact, also where its producer names no peer and gives no arguments. */
import { expect, it } from 'vitest'
import { normalise } from '../../../services/collector/normalise.ts'
import { normaliseContext } from '../../support/normalise.ts'

const act = (fields: object): { readonly peer: string; readonly peer_domains: readonly string[] } => {
  const record = { identity: 'scout', action: 'web_fetch', kind: 'tool', time: 1_790_000_000_000, ...fields }
  const made = normalise('events', [record], normaliseContext({ tenant: 'acme', receiptTime: 1_790_000_001_000 }))
  if (!made.ok || made.events[0] === undefined) throw new Error(JSON.stringify(made))
  return made.events[0]
}

it.each([
  ['a URL', { target: 'https://forum.agents.example/skill.md' }, 'forum.agents.example', ['agents.example']],
  [
    'the word of a target that is a host',
    { target: 'agents.example', target_kind: 'host' },
    'agents.example',
    ['agents.example'],
  ],
  ['every URL', { target: 'https://a.example/x https://b.example/y' }, 'a.example', ['a.example', 'b.example']],
  ['a URL with an address', { target: 'http://198.51.100.7:8080/x' }, '198.51.100.7', ['198.51.100.7']],
  [
    'a URL behind a named proxy',
    { target: 'https://agents.example/x', peer: 'proxy.corp.example' },
    'proxy.corp.example',
    ['corp.example', 'agents.example'],
  ],
])('reads %s', (_, fields, peer, domains) => {
  expect(act(fields)).toMatchObject({ peer, peer_domains: domains })
})

it.each([
  ['what is no place', { target: 'https://agents.example/x', target_kind: 'query' }],
  ['a file', { target: 'report.md' }],
  ['a URL that a tool blocks', { target: 'https://agents.example/x', action: 'block_url' }],
  ['a file of this machine', { target: 'file:///etc/passwd' }],
])('does not take %s for a contact', (_, fields) => {
  expect(act(fields)).toMatchObject({ peer: '', peer_domains: [] })
})
