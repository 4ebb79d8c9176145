/** Chains of incidents: what ties them, that the order in which findings came does not matter, and what a hostile sender cannot do. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Chain, chainOf, tiesOf } from '../../../schemas/chain.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import type { Incident } from '../../../schemas/incident.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createIncidents } from '../../../services/responder/incidents.ts'
import type { StateStore } from '../../../services/responder/store.ts'
import { finding } from '../../support/responder.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const at = (minute: number): string => new Date(T0 + minute * 60_000).toISOString()
const of = (agent: string, change: Partial<Finding> = {}): Finding =>
  finding({ id: H('chain', agent, JSON.stringify(change)), agent, session: null, observed: {}, time: at(0), ...change })

/** The incidents that these findings make, in the order in which they come. The store is asked by expiry alone. */
function incidentsOf(findings: readonly Finding[]): Incident[] {
  const incidents = createIncidents(undefined as unknown as StateStore)
  for (const one of findings) incidents.join(one, T0)
  return incidents.list('default')
}
const chainFrom = (agent: string, findings: readonly Finding[]): Chain<Incident> => {
  const all = incidentsOf(findings)
  return chainOf(all.find((one) => one.agent === agent)!, all)
}
const agentsOf = ({ links }: Chain<Incident>): string[] => links.map(({ incident }) => incident.agent).toSorted()

describe('what ties a finding', () => {
  it('is its session, and the credential, peers and identities that it observed', () => {
    const chain = 'boss > a > b'
    expect(tiesOf(of('a', { session: 's1', observed: { credential: 'c1', host: 'h.example', chain } }))).toEqual([
      { by: 'credential', value: 'c1' },
      { by: 'identity', value: 'b' },
      { by: 'identity', value: 'boss' },
      { by: 'peer', value: 'h.example' },
      { by: 'session', value: 's1' },
    ])
  })

  it('is never a word that objects answer by themselves, nothing empty and nothing endless', () => {
    const observed = { host: ['', 'x'.repeat(LIMITS.name_chars_max + 1)] }
    expect(tiesOf(of('a', { observed }))).toEqual([])
  })
})

describe('a chain', () => {
  it.each<[string, Partial<Finding>, Partial<Finding>]>([
    ['a session', { session: 's1' }, { session: 's1' }],
    ['a credential', { observed: { credential: 'c1' } }, { observed: { credential: 'c1' } }],
    ['a peer', { observed: { host: 'h.example' } }, { observed: { peer: 'h.example' } }],
    ['a delegation', { observed: { chain: 'boss > b' } }, {}],
    ['the holder of a key', { observed: { holder: 'b' } }, {}],
  ])('joins two agents by %s, seen from both', (_what, mine, theirs) => {
    const findings = [of('a', mine), of('b', theirs), of('c')]
    expect(agentsOf(chainFrom('a', findings))).toEqual(['b'])
    expect(agentsOf(chainFrom('b', findings))).toEqual(['a'])
    expect(agentsOf(chainFrom('c', findings))).toEqual([])
  })

  it('goes on from one to the next, and says from which', () => {
    const findings = [
      of('a', { session: 's1' }),
      of('b', { session: 's1', observed: { credential: 'c1' } }),
      of('c', { observed: { credential: 'c1' } }),
    ]
    const { links } = chainFrom('a', findings)
    expect(links.map(({ incident, ties }) => [incident.agent, ties.map(({ by }) => by)])).toEqual([
      ['b', ['session']],
      ['c', ['credential']],
    ])
    expect(links[1]?.from).toBe(links[0]?.incident.id)
  })

  it('joins nothing that lies further apart than the window, and no other tenant', () => {
    const late = at(LIMITS.incident_window_ms / 60_000 + 1)
    expect(agentsOf(chainFrom('a', [of('a', { session: 's1' }), of('b', { session: 's1', time: late })]))).toEqual([])
  })

  it('is the same in whatever order the findings come', () => {
    const someFinding = fc.record({
      agent: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      session: fc.option(fc.constantFrom('s1', 's2'), { nil: null }),
      observed: fc.record(
        {
          credential: fc.constantFrom('c1', 'c2'),
          host: fc.constantFrom('h1', 'h2'),
          holder: fc.constantFrom('a', 'e'),
        },
        { requiredKeys: [] },
      ),
      minute: fc.integer({ min: 0, max: 59 }),
    })
    const some = fc
      .array(someFinding, { minLength: 2, maxLength: 12 })
      .map((all) =>
        all.map(({ agent, session, observed, minute }) => of(agent, { session, observed, time: at(minute) })),
      )
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    fc.assert(
      fc.property(some, ([one, other]) => {
        for (const agent of new Set(one.map((each) => each.agent))) {
          const [a, b] = [chainFrom(agent, one), chainFrom(agent, other)]
          expect(agentsOf(b)).toEqual(agentsOf(a))
          expect(b.common).toEqual(a.common)
        }
      }),
    )
  })

  it('is not made by what everybody shares: a popular peer links nobody, and that is said', () => {
    const crowd = Array.from({ length: LIMITS.chain_agents_max + 1 }, (_, n) =>
      of(`agent-${n}`, { observed: { host: 'popular.example' } }),
    )
    const { links, common } = chainFrom('agent-0', crowd)
    expect(links).toEqual([])
    expect(common).toEqual([{ by: 'peer', value: 'popular.example', agents: crowd.length }])
    expect(chainFrom('agent-0', crowd.slice(1, 9).concat(crowd[0]!).slice(1)).links).toHaveLength(7)
  })

  it('changes no other incident, and is bounded, whatever a hostile agent writes', () => {
    const victim = of('victim', { session: 'of the victim', observed: { credential: 'its key' } })
    const alone = incidentsOf([victim])[0]
    const noise = Array.from({ length: 200 }, (_, n) =>
      of(`mallory-${n % 7}`, {
        session: 'of the victim',
        observed: { holder: 'victim', credential: `key ${n}`, host: `h${n % 3}` },
        time: at(n % 50),
      }),
    )
    const all = incidentsOf([victim, ...noise])
    const after = all.find((one) => one.agent === 'victim')!
    expect(after).toEqual(alone)
    expect(chainOf(after, all).links.length).toBeLessThanOrEqual(LIMITS.chain_incidents_max)
    for (const { ties } of all) expect(ties.length).toBeLessThanOrEqual(LIMITS.incident_ties_max)
  })
})
