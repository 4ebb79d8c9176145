/** Policy by itself: what holds for whom, which rules match, and the examples in the documentation. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { OPENED_INPUTS } from '../../../services/collector/opened/registry.ts'
import { SINK_TYPES } from '../../../services/responder/sinks/registry.ts'
import { parseConfig, type Policy } from '../../../services/lib/config.ts'
import { createIncidents } from '../../../services/responder/incidents.ts'
import { decide, effectivePolicy, guard, type GuardFacts } from '../../../services/responder/policy.ts'
import type { StateStore } from '../../../services/responder/store.ts'
import { finding } from '../../support/responder.ts'

const policyOf = (yaml: string): Policy => {
  const outcome = parseConfig(`policy: ${yaml}`)
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message)
  return outcome.config.policy
}
/** The incident that a finding opens, or joins after others. */
const incidentOf = (...found: readonly ReturnType<typeof finding>[]) => {
  const incidents = createIncidents({} as StateStore)
  return found.map((each) => incidents.join(each, 0)).at(-1)!
}
const actionsFor = (yaml: string, ...found: readonly ReturnType<typeof finding>[]) => {
  const { notify, page, containment } = decide(
    effectivePolicy(policyOf(yaml), 'default'),
    found.at(-1)!,
    incidentOf(...found),
  )
  return [...(notify ? ['notify'] : []), ...(page ? ['page'] : []), ...(containment === undefined ? [] : [containment])]
}

describe('the policy of a tenant', () => {
  it.each([
    ['{}', 'shadow'],
    ['{preset: contain-agent-networks}', 'enforce'],
    ['{preset: contain-agent-networks, mode: propose}', 'propose'],
    ['{mode: enforce, tenants: {default: {mode: shadow}}}', 'shadow'],
    ['{tenants: {default: {preset: contain-agent-networks}}}', 'enforce'],
    ['{tenants: {other: {mode: enforce}}}', 'shadow'],
    ['{tenants: {__proto__x: {mode: enforce}}}', 'shadow'],
  ])('%s has the mode %s', (yaml, mode) => expect(effectivePolicy(policyOf(yaml), 'default').mode).toBe(mode))

  it('takes the rest from the policy of all, and the defaults', () => {
    const policy = effectivePolicy(
      policyOf('{protected: [a], expires_hours: 2, tenants: {default: {caps: {per_hour: 1}}}}'),
      'default',
    )
    expect(policy).toMatchObject({
      protected: ['a'],
      expiresMs: 7_200_000,
      caps: { per_hour: 1, share_of_identities: 0.1 },
    })
    expect(effectivePolicy(policyOf('{}'), 'x').expiresMs).toBe(LIMITS.quarantine_expires_ms)
  })
})

describe('rules', () => {
  const found = finding()
  it.each([
    ['{}', []],
    ['{rules: [{actions: [notify]}]}', ['notify']],
    ["{rules: [{detector: 'lateral/*', actions: [page]}]}", ['page']],
    ['{rules: [{detector: lateral, actions: [page]}]}', []],
    ['{rules: [{detector: lateral/recon-burst, min_severity: critical, actions: [page]}]}', []],
    ['{rules: [{techniques: [T1580, T1], actions: [quarantine]}]}', ['quarantine']],
    ['{rules: [{techniques: [T1], actions: [quarantine]}]}', []],
    ['{rules: [{actions: [reduce-autonomy]}, {actions: [quarantine]}]}', ['quarantine']],
    ['{rules: [{actions: [reduce-autonomy]}]}', ['reduce-autonomy']],
    ['{rules: [{min_detectors: 2, actions: [page]}]}', []],
    ['{preset: contain-agent-networks}', []],
  ])('%s', (yaml, expected) => expect(actionsFor(yaml, found)).toEqual(expected))

  it('count the detectors of the incident', () => {
    const rule = '{rules: [{min_detectors: 2, actions: [page]}]}'
    expect(actionsFor(rule, found, finding({ title: 'again' }))).toEqual([])
    expect(actionsFor(rule, found, finding({ detector: 'intent/influenced-action' }))).toEqual(['page'])
    // Hours later it is another incident.
    const later = finding({ detector: 'intent/influenced-action', time: '2026-01-05T20:00:00.000Z' })
    expect(actionsFor(rule, found, later)).toEqual([])
  })
})

describe('guard rails', () => {
  it('never order beyond a cap, while stopped, for a protected identity, or in another mode than enforce', () => {
    const facts: fc.Arbitrary<GuardFacts> = fc.record({
      identity: fc.constantFrom('a', 'deploy-1'),
      newborn: fc.boolean(),
      stopped: fc.boolean(),
      orderedLastHour: fc.nat({ max: 10 }),
      active: fc.nat({ max: 10 }),
      identities: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
    })
    const mode = fc.constantFrom('shadow', 'propose', 'enforce')
    fc.assert(
      fc.property(facts, mode, fc.nat({ max: 6 }), fc.boolean(), (f, m, perHour, stop) => {
        const yaml = `{mode: ${m}, stop: ${stop}, protected: ['deploy-*'], caps: {per_hour: ${perHour}, share_of_identities: 0.05}}`
        const { outcome } = guard(effectivePolicy(policyOf(yaml), 'default'), f)
        const most = f.identities === undefined ? Number.POSITIVE_INFINITY : Math.max(1, f.identities * 0.05)
        const may =
          m === 'enforce' &&
          !stop &&
          !f.stopped &&
          f.identity === 'a' &&
          f.orderedLastHour < perHour &&
          f.active + 1 <= most
        return (outcome === 'order') === may
      }),
    )
  })
})

describe('the documentation', () => {
  it.each(['webhooks', 'quarantine', 'configuration', 'sinks'])(
    'docs/%s.md shows configuration that is taken',
    (page) => {
      const text = readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8')
      // The trust registry is a file of its own: test/unit/config/agents.test.ts reads its example.
      const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)]
        .map(([, yaml]) => yaml!)
        .filter((yaml) => !/^agents:/m.test(yaml))
      expect(blocks.length).toBeGreaterThan(0)
      for (const block of blocks) {
        const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
        expect(
          parseConfig(block.replace('whsec_...', secret), {
            sinkTypes: SINK_TYPES,
            inputTypes: OPENED_INPUTS,
            readSecret: () => ({ ok: true, text: '0'.repeat(32) }),
          }),
        ).toMatchObject({ ok: true })
      }
    },
  )
})
