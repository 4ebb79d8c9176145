/** Cases of peer/beacon. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
/** A few seconds off the beat, the same in every run. */
const off = (n: number): number => ((n * 7_919) % 41) * 1_000
const call = (hours: number, host: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity: 'relay-1',
  principal_kind: 'service',
  kind: 'api',
  action: 'http.GET',
  activity: 'read',
  target: `https://${host}/status`,
  peer: host,
  peer_domains: [host],
  protocol: 'https',
  ...more,
})
const usual = many(6 * 8, (n) => call(n * 3, 'api.example.com'))
const beat = (count: number, host: string, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  many(count, (n) => call(150 + n, host, { time: T0 + (150 + n) * HOUR + off(n), ...more }))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a call every hour to a host that nobody knows',
    events: [...usual, ...beat(25, 'c2.example.net')],
    expect: [{ severity: 'medium', agent: 'relay-1' }],
  },
  {
    name: 'fires on a beat that jitters by minutes',
    events: [
      ...usual,
      ...many(40, (n) => call(150 + n, 'c2.example.net', { time: T0 + (150 + n) * HOUR + (off(n) / 40) * 400 })),
    ],
    expect: [{ severity: 'medium', agent: 'relay-1' }],
  },
  {
    // On several partitions, those who came later may be processed first.
    name: 'fires on the first of a host that two others call afterwards',
    events: [
      ...usual,
      ...beat(30, 'c2.example.net'),
      ...many(8, (n) => call(190 + n, 'c2.example.net', { identity: `other-${n % 4}` })),
    ],
    expect: [{ severity: 'medium', agent: 'relay-1' }],
  },
  {
    name: 'is quiet for a health check that was there from the start',
    events: many(80, (n) => call(n * 2, 'partner.example.net')),
    expect: [],
  },
  {
    name: 'is quiet for a host that others call, too',
    events: [
      ...usual,
      ...many(3, (n) => call(140 + n, 'news.example.org', { identity: `other-${n}` })),
      ...beat(40, 'news.example.org'),
    ],
    expect: [],
  },
  {
    name: 'is quiet for a page that is read as work brings it',
    events: [...usual, ...many(60, (n) => call(150 + n * 0.6 + ((n * n * 37) % 100) / 20, 'docs.example.org'))],
    expect: [],
  },
  {
    name: 'is quiet for twenty calls in a row within minutes',
    events: [...usual, ...many(60, (n) => call(150 + n / 30, 'import.example.org'))],
    expect: [],
  },
]
