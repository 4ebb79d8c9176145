/** What is proposed for the trust registry: never what an intruder may have done. */
import { describe, expect, it } from 'vitest'
import { doubtOf, proposalOf } from '../../../services/api/proposal.ts'
import { type Incident, UNTRIAGED } from '../../../schemas/incident.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 10, 29, 12)
const hoursAgo = (hours: number): number => NOW - hours * HOUR_MS
const isoOf = (ms: number): string => new Date(ms).toISOString()

/** An incident of `bot` that began 100 hours ago and was last changed 50 hours ago. */
const incident = (more: Partial<Incident>): Incident => ({
  ...UNTRIAGED,
  id: '0'.repeat(32),
  tenant: 'acme',
  agent: 'bot',
  owner: '',
  severity: 'high',
  first_time: isoOf(hoursAgo(100)),
  last_time: isoOf(hoursAgo(90)),
  opened_at: isoOf(hoursAgo(100)),
  updated_at: isoOf(hoursAgo(50)),
  finding_ids: [],
  detectors: [],
  techniques: [],
  timeline: [],
  paged: false,
  also: [],
  ties: [],
  ...more,
})
/** What was first used so many hours ago is named after it. */
const USED = [200, 125, 123, 99, 60, 49, 25, 23, 1].map((hours) => ({
  value: String(hours),
  events: 1,
  first_seen: isoOf(hoursAgo(hours)),
  last_seen: isoOf(NOW),
  settled_ms: hoursAgo(hours),
}))
const proposed = (...incidents: Incident[]) => proposalOf('action', USED, doubtOf(incidents, NOW), () => false)

describe('a proposal', () => {
  it('leaves out the last day', () => {
    expect(proposed().proposed).toEqual(['200', '125', '123', '99', '60', '49', '25'])
    expect(proposed().left_out).toMatchObject({ recent: 2, incident: 0 })
  })

  it('leaves out all since a day before the oldest open incident', () => {
    const { proposed: names, left_out: left } = proposed(
      incident({ first_time: isoOf(hoursAgo(3)) }),
      incident({ status: 'in_progress' }),
    )
    expect(names).toEqual(['200', '125'])
    expect(left).toMatchObject({ recent: 2, incident: 5 })
  })

  it('leaves out what began during a confirmed incident, also once that is resolved', () => {
    expect(proposed(incident({ status: 'resolved', verdict: 'true_positive' })).proposed).toEqual([
      '200',
      '125',
      '49',
      '25',
    ])
  })

  it('does not mind what was harmless', () => {
    const harmless = [
      incident({ status: 'resolved', verdict: 'benign' }),
      incident({ status: 'resolved', verdict: 'false_positive' }),
    ]
    expect(proposed(...harmless)).toEqual(proposed())
  })

  it('leaves out what was only denied, what is forbidden and what would allow more than was done', () => {
    const of = (value: string) => ({
      ...(USED[0] as (typeof USED)[number]),
      value,
      settled_ms: hoursAgo(200) as number | undefined,
    })
    const doubt = doubtOf([], NOW)
    const none = { denied: 0, recent: 0, incident: 0, never: 0, pattern: 0, more: 0 }
    const isForbidden = (value: string): boolean => value === 'wipe'
    const denied = { ...of('denied'), settled_ms: undefined }
    expect(proposalOf('action', [of('a/b'), of('*'), of('wipe'), denied], doubt, isForbidden)).toEqual({
      proposed: ['a/b'],
      left_out: { ...none, denied: 1, never: 1, pattern: 1 },
    })
    expect(proposalOf('peer', [of('10.0.0.0/8'), of('a.example')], doubt, isForbidden)).toEqual({
      proposed: ['a.example'],
      left_out: { ...none, pattern: 1 },
    })
    const many = Array.from({ length: 60 }, (_, n) => of(`act-${n}`))
    expect(proposalOf('action', many, doubt, isForbidden).left_out).toEqual({ ...none, more: 10 })
  })
})
