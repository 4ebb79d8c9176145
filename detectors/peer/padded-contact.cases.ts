/** Cases of peer/padded-contact. */
import { UNREAD_PEER } from '../../schemas/event.ts'
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY_MS = 86_400_000
const hosts = (count: number): string[] => Array.from({ length: count }, (_, n) => `site-${n}.example`)
const open = (time: number, domains: string[], event: Partial<CaseEvent> = {}): CaseEvent => ({
  time,
  identity: 'crawler',
  owner: 'acme',
  kind: 'tool',
  action: 'open_pages',
  peer_domains: domains,
  ...event,
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires where hosts were left out, once a day',
    events: [0, 1, 2].map((n) =>
      open(T0 + n * 60_000, [...hosts(127), UNREAD_PEER], n === 0 ? { source_id: 'call-1' } : {}),
    ),
    expect: [{ severity: 'low', agent: 'crawler', evidence: ['call-1'] }],
  },
  {
    name: 'fires on the next day again, and where a few hosts stand before arguments that are not read to their end',
    events: [open(T0, [...hosts(127), UNREAD_PEER]), open(T0 + DAY_MS, [...hosts(1), UNREAD_PEER])],
    expect: [{ severity: 'low' }, { severity: 'low' }],
  },
  { name: 'stays quiet on many hosts that are all read', events: [open(T0, hosts(128))], expect: [] },
  {
    name: 'stays quiet on many hosts in many acts',
    events: hosts(200).map((host, n) => open(T0 + n * 1_000, [host])),
    expect: [],
  },
  { name: 'stays quiet on an act that names none', events: [open(T0, [])], expect: [] },
]
