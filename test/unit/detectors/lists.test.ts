/** The lists: what a listed domain or range covers, and what only looks like it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUILT_IN_AGENT_NETWORKS } from '../../../detectors/lib/agent-networks.ts'
import { createLists } from '../../../detectors/lib/lists.ts'
import { emptyConfiguration } from '../../../schemas/configuration.ts'

const lists = createLists({
  ...emptyConfiguration(),
  agent_networks: [
    { name: 'House list', domains: ['Bots.Example', '*.swarm.test'], addresses: ['203.0.113.0/24', '2001:db8::/32'] },
    { name: 'The M', domains: ['moltbook.com'], addresses: [] },
  ],
  trusted_peers: ['partner.example', '198.51.100.0/25', 'moltbook.com'],
})
const nameOf = (word: string): string | undefined => lists.agentNetworkOf(word)?.name

describe('agentNetworkOf', () => {
  it('covers a domain, everything below it and every way of writing it', () => {
    const words = [
      'bots.example',
      'BOTS.EXAMPLE.',
      'api.v2.bots.example',
      'https://bots.example/path?q=1',
      'bots.example:8443',
      'someone@bots.example',
    ]
    for (const word of words) expect(nameOf(word), word).toBe('House list')
    expect(nameOf('deep.swarm.test')).toBe('House list')
  })

  it('does not cover what only looks like it', () => {
    const words = [
      'notbots.example',
      'bots.example.org',
      'example',
      'https://example.org/bots.example',
      'bots',
      '',
      ' ',
    ]
    for (const word of words) expect(nameOf(word), word).toBeUndefined()
  })

  it('compares addresses as numbers, in every spelling', () => {
    const words = ['203.0.113.9', '::ffff:203.0.113.9', '0xcb007109', 'http://203.0.113.9:80/x', '[2001:db8::1]:443']
    for (const word of words) expect(nameOf(word), word).toBe('House list')
    for (const word of ['203.0.114.9', '2001:db9::1', '203.0.113']) expect(nameOf(word), word).toBeUndefined()
  })

  it("knows the built-in list beside the tenant's own, whose name comes first", () => {
    expect(nameOf('www.moltbook.com')).toBe('The M')
    expect(createLists(emptyConfiguration()).agentNetworkOf('www.moltbook.com')?.name).toBe('Moltbook')
  })

  it('finds every built-in domain, and no built-in domain is a public suffix', () => {
    const own = createLists(emptyConfiguration())
    for (const network of BUILT_IN_AGENT_NETWORKS) {
      expect(network.domains.length).toBeGreaterThan(0)
      for (const domain of network.domains) {
        expect(own.agentNetworkOf(`x.${domain}`)).toBe(network)
        expect(domain).toMatch(/^[a-z0-9-]+\.[a-z]+$/)
      }
    }
  })

  it('answers any text without throwing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (word) => nameOf(word) === undefined || nameOf(word) !== ''))
  })
})

describe('isTrustedPeer', () => {
  it('holds the configured hosts and ranges and nothing else', () => {
    expect(lists.isTrustedPeer('api.partner.example')).toBe(true)
    expect(lists.isTrustedPeer('198.51.100.7')).toBe(true)
    expect(lists.isTrustedPeer('198.51.100.200')).toBe(false)
    expect(lists.isTrustedPeer('bots.example')).toBe(false)
  })

  it('takes nothing off the list of agent networks', () => {
    expect(lists.isTrustedPeer('moltbook.com')).toBe(true)
    expect(nameOf('moltbook.com')).toBe('The M')
  })
})
