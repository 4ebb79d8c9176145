/** What the trust registry says of an identity and an act, whoever wrote it and however a name is spelled. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AgentRules } from '../../../detectors/lib/agent-registry.ts'
import { createLists } from '../../../detectors/lib/lists.ts'
import type { AgentRegistry } from '../../../schemas/agents.ts'
import { emptyConfiguration } from '../../../schemas/configuration.ts'
import { blankEvent, type Event, EventView, rowOf } from '../../../schemas/event.ts'

const view = (more: Partial<Event>): EventView => {
  const event = new EventView()
  event.row = rowOf({ ...blankEvent(), ...more })
  return event
}
const forbids = (registries: readonly AgentRegistry[], identity: string, more: Partial<Event>) =>
  new AgentRules(registries).boundsOf(identity)?.forbids(view(more))

const base: AgentRegistry = { mode: 'strict', agents: [{ agent: 'ops-*', never: { actions: ['db.drop*'] } }] }

describe('a registry of all tenants', () => {
  it('forbids whatever a tenant writes, in any spelling', () => {
    const word = fc.constantFrom('*', 'ops-*', 'ops-7', 'x')
    const own = fc.array(fc.record({ agent: word, allowed: fc.constant({ actions: ['*'] as string[] }) }), {
      maxLength: 4,
    })
    const spelled = fc.constantFrom('db.drop', 'DB.DROP_TABLE', 'Db.Dropped')
    fc.assert(
      fc.property(own, spelled, (agents, action) => {
        const tenants: AgentRegistry = { mode: 'learn', agents }
        expect(forbids([tenants, base], 'OPS-7', { action })).toEqual({
          part: 'action',
          entry: 'db.drop*',
          value: action,
        })
      }),
    )
  })

  it('is strict unless the tenant says otherwise', () => {
    expect(new AgentRules([base]).isStrict).toBe(true)
    expect(new AgentRules([{}, base]).isStrict).toBe(true)
    expect(new AgentRules([{ mode: 'learn' }, base]).isStrict).toBe(false)
    expect(new AgentRules([]).isStrict).toBe(false)
  })
})

describe('bounds', () => {
  const rules = new AgentRules([
    { agents: [{ agent: 'a', allowed: { actions: ['read'], peers: ['helper-2', 'desk.example'] } }] },
    { agents: [{ agent: '*', owner: 'everybody', allowed: { actions: ['log'] } }] },
  ])
  const leftOut = (more: Partial<Event>) => rules.boundsOf('a')?.leavesOut(view(more))

  it('allow what any entry allows, and say nothing of parts without a list', () => {
    expect(leftOut({ action: 'read', target: 'anything' })).toBeUndefined()
    expect(leftOut({ action: 'log', peer: 'api.desk.example' })).toBeUndefined()
    expect(leftOut({ action: 'read', peer: 'helper-2' })).toBeUndefined()
    expect(leftOut({ action: 'write' })).toEqual({ part: 'action', value: 'write' })
    expect(leftOut({ action: 'read', peer_domains: ['desk.example', 'elsewhere.example'] })).toEqual({
      part: 'peer',
      value: 'elsewhere.example',
    })
  })

  it('name an owner, and are those of the beginning where no entry names the whole', () => {
    expect(rules.boundsOf('a')?.owner).toBe('everybody')
    expect(rules.boundsOf('b')).toBe(rules.boundsOf('c'))
    expect(new AgentRules([{ agents: [{ agent: 'a' }] }]).boundsOf('b')).toBeUndefined()
  })
})

it('makes its trusted peers trusted, beside those of the settings', () => {
  const settings = { ...emptyConfiguration(), trusted_peers: ['one.example'] }
  const lists = createLists(settings, undefined, [{ trusted_peers: ['two.example', '203.0.113.0/24'] }])
  for (const host of ['one.example', 'mcp.two.example', '203.0.113.9']) expect(lists.isTrustedPeer(host)).toBe(true)
  expect(lists.isTrustedPeer('three.example')).toBe(false)
})
