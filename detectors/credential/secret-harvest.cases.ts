/** Cases of credential/secret-harvest. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR = 3_600_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const act = (hours: number, action: string, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity: 'builder-1',
  kind: 'api',
  action,
  target,
  activity: 'read',
  outcome: 'success',
  ...more,
})
const usual = many(8 * 24, (n) =>
  act(n, n % 6 === 0 ? 'secret.read' : 'storage.read', n % 6 === 0 ? 'vault:ci' : `b-${n % 5}`),
)
const harvest = (hours: number, count: number, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  many(count, (n) => act(hours + n / 100, 'secret.read', `vault:team-${n}`, { source_id: `read-${n}`, ...more }))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on five secrets in a row that it never read',
    events: [...usual, ...harvest(192, 5)],
    expect: [{ severity: 'medium', agent: 'builder-1', evidence: ['read-3'] }],
  },
  {
    name: 'fires high on twenty, in the words of a cloud, too',
    events: [...usual, ...harvest(192, 20, { action: 'secretsmanager:GetSecretValue' })],
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  { name: 'is quiet for two', events: [...usual, ...harvest(192, 2)], expect: [] },
  {
    name: 'is quiet for a rotation that reads ever new secrets every day',
    events: Array.from({ length: 12 }, (_, day) =>
      many(10, (n) => act(day * 24 + n / 100, 'secret.read', `vault:d${day}-${n}`, { identity: 'rotator' })),
    ).flat(),
    expect: [],
  },
  {
    name: 'is quiet for refusals, for names alone, and for descriptions of keys',
    events: [
      ...usual,
      ...harvest(192, 9, { outcome: 'denied' }),
      ...harvest(194, 9, { action: 'kms.key.metadata.get' }),
      ...harvest(196, 9, { action: 'storage.read' }),
    ],
    expect: [],
  },
  { name: 'is quiet in its first days', events: harvest(10, 12), expect: [] },
]
