/**
 * What every detector finds in its own cases keeps to the schemas of OCSF and ECS, in each form that a finding is told in; and the
 * schemas catch documents that break them. `npm run -s forms` asks the same of any findings.
 */
import { describe, expect, it } from 'vitest'
import type { DetectorCase } from '../../../detectors/detector.ts'
import { DETECTORS } from '../../../detectors/registry.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Notice } from '../../../schemas/notice.ts'
import { ecsOf } from '../../../services/responder/sinks/elasticsearch/ecs.ts'
import { ocsfOf } from '../../../services/responder/sinks/lib/ocsf.ts'
import { ecsProblems } from '../../forms/ecs.ts'
import { ocsfProblems } from '../../forms/ocsf.ts'
import { runCase } from '../../support/detector-harness.ts'
import { finding } from '../../support/responder.ts'

const TIME = '2026-01-05T12:00:00.000Z'
const noticeOf = (one: Finding): Notice => ({
  type: one.revision === 1 ? 'finding.created' : 'finding.updated',
  time: TIME,
  data: { ...one },
})

describe.each(DETECTORS.map((detector) => [detector.id, detector] as const))('%s', (_id, detector) => {
  it('finds what OCSF and ECS have a form for', async () => {
    const path = new URL(`../../../detectors/${detector.id}.cases.ts`, import.meta.url)
    const { cases } = (await import(path.href)) as { readonly cases: readonly DetectorCase[] }
    const found = cases.flatMap((one) => {
      const run = runCase(detector, one)
      return [...run.first, ...run.second]
    })
    expect(found.length).toBeGreaterThan(0)
    for (const one of found) {
      expect(ocsfProblems(ocsfOf(noticeOf(one)))).toEqual([])
      expect(ecsProblems(ecsOf(noticeOf(one)))).toEqual([])
    }
  })
})

describe('the schemas catch', () => {
  const ocsf = ocsfOf(noticeOf(finding())) as Record<string, unknown>
  const ecs = ecsOf(noticeOf(finding())) as Record<string, Record<string, unknown>>

  it.each([
    ['an attribute that OCSF has not', { colour: 'red' }],
    ['a type that is not its class and activity', { type_uid: 200_402 }],
    ['a name of another number', { severity: 'Low' }],
    ['a time in seconds', { time: 1_767_614_400 }],
    ['a missing product', { metadata: { version: '1.8.0' } }],
    ['an empty list', { evidences: [] }],
  ])('%s', (_what, change) => {
    expect(ocsfProblems(ocsf)).toEqual([])
    expect(ocsfProblems({ ...ocsf, ...change })).not.toEqual([])
  })

  it.each([
    ['a field of ours outside our own', { colour: 'red' }],
    ['a type that its category has not', { event: { ...ecs['event'], type: ['change'] } }],
    ['a number that is a text', { event: { ...ecs['event'], severity: '73' } }],
    ['a technique that is none', { threat: { framework: 'MITRE ATT&CK', technique: { id: ['ASI01'] } } }],
    ['half a character', { message: '\ud800' }],
  ])('%s', (_what, change) => {
    expect(ecsProblems(ecs)).toEqual([])
    expect(ecsProblems({ ...ecs, ...change })).not.toEqual([])
  })
})
