/** Cases of peer/exfiltration. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const send = (day: number, host: string, bytes: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'desk-1',
  kind: 'api',
  action: 'http.POST',
  outcome: 'success',
  peer: host,
  peer_domains: [host],
  bytes_out: bytes,
  ...more,
})
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const usual = many(12, (n) => send(n / 2, 'mail.example.com', 400_000))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on one great upload to a new host',
    events: [...usual, send(7, 'drop.example.net', 90_000_000)],
    expect: [{ severity: 'medium', agent: 'desk-1', evidence: ['e13'] }],
  },
  {
    name: 'fires on forty small ones over days, and high when they have become gigabytes',
    events: [...usual, ...many(60, (n) => send(7 + n / 12, 'drop.example.net', 40_000_000))],
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'is quiet for what goes where it always goes',
    events: [...usual, send(7, 'mail.example.com', 900_000_000)],
    expect: [],
  },
  {
    name: 'is quiet for a backup that sends as much every day',
    events: [
      ...many(12, (n) => send(n / 2, 'store.example.com', 400_000_000)),
      send(7, 'new.example.net', 300_000_000),
    ],
    expect: [],
  },
  {
    name: 'is quiet for little, for what was refused, and in the first days',
    events: [
      send(0, 'first.example.net', 900_000_000, { identity: 'young' }),
      ...usual,
      send(7, 'a.example.net', 1_000_000),
      send(8, 'b.example.net', 900_000_000, { outcome: 'denied' }),
    ],
    expect: [],
  },
]
