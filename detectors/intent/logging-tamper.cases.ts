/** Cases of intent/logging-tamper. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const act = (day: number, action: string, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'build-4',
  principal_kind: 'service',
  kind: 'admin',
  outcome: 'success',
  action,
  target,
  ...more,
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires high on a trail that a service stops, even as its first act',
    events: [act(0, 'cloudtrail:StopLogging', 'trail/all')],
    expect: [{ severity: 'high', agent: 'build-4', evidence: ['e1'] }],
  },
  {
    name: 'fires once a day and way, whatever else goes down',
    events: [
      act(1, 'logs.sinks.delete', 'sinks/soc'),
      act(1.1, 'guardrail.update', 'agents'),
      act(1.2, 'audit.trails.delete', 'main'),
    ],
    expect: [{ severity: 'high' }, { severity: 'medium' }],
  },
  {
    name: 'fires medium where a person sets auditing to off',
    events: [
      act(0, 'doc.read', 'doc/1', { principal_kind: 'person' }),
      act(5, 'log.config.set', 'audit: off', { principal_kind: 'person' }),
    ],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'is quiet where it was approved',
    events: [act(0, 'cloudtrail:DeleteTrail', 'trail/old', { approval: 'chg-4' })],
    expect: [],
  },
  {
    name: 'is quiet where it is the job of the identity',
    events: [0, 1, 2, 3, 4].map((day) =>
      act(day, 'audit.trails.delete', `trails/${day}`, { principal_kind: 'person' }),
    ),
    expect: [],
  },
  {
    name: 'is quiet for reading, for making, for log files, and for what was refused',
    events: [
      act(0, 'logs.search', 'ns/web'),
      act(0.1, 'logs.sinks.create', 'sinks/new'),
      act(0.2, 'delete_file', 'build.log'),
      act(0.3, 'cloudtrail:DeleteTrail', 'trail/all', { outcome: 'denied' }),
      act(0.4, 'catalog.item.delete', 'dialog/4'),
    ],
    expect: [],
  },
]
