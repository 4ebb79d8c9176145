/** Cases of lateral/recon-burst. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const call = (time: number, event: Partial<CaseEvent> = {}): CaseEvent => ({
  time,
  identity: 'role/worker',
  owner: 'team-a',
  kind: 'api',
  activity: 'read',
  outcome: 'success',
  action: 's3:GetObject',
  target: 'bucket/report',
  ...event,
})

/** Ten days in which every second hour brings two calls. */
const habit = (): CaseEvent[] =>
  Array.from({ length: 10 * 24 }, (_, n) =>
    call(T0 + Math.floor(n / 2) * 2 * HOUR_MS + (n % 2) * 30_000, { target: `bucket/report-${n % 3}` }),
  )
const AFTER = T0 + 10 * DAY_MS

/** `n` calls two seconds apart. */
const burst = (time: number, n: number, event: (k: number) => Partial<CaseEvent>): CaseEvent[] =>
  Array.from({ length: n }, (_, k) => call(time + k * 2_000, { source_id: `burst-${time}-${k}`, ...event(k) }))

const enumeration = (k: number): Partial<CaseEvent> => ({
  action: `svc-${k % 20}:List${k}`,
  activity: 'list',
  target: `arn:thing/${k}`,
})
const refused = (k: number): Partial<CaseEvent> => ({
  action: 'ec2:GetPasswordData',
  target: `i-${k}`,
  outcome: 'denied',
})

const PADDING: Partial<CaseEvent> = { action: 'write_note', activity: 'update', target: 'notes.txt' }
/** Four a second, so that all of them fit into one window. */
const tightened = (event: CaseEvent, index: number): CaseEvent => ({ ...event, time: AFTER + index * 250 })

/** An audit job: 60 different listings once a day. */
const audit = (day: number): CaseEvent[] => burst(T0 + day * DAY_MS, 60, enumeration)

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires medium on many actions at many targets by a steady worker',
    events: [...habit(), ...burst(AFTER, 80, enumeration)],
    expect: [{ severity: 'medium', agent: 'role/worker', evidence: [`burst-${AFTER}-8`] }],
  },
  {
    name: 'fires high on many places that refuse it',
    events: [...habit(), ...burst(AFTER, 30, refused)],
    expect: [{ severity: 'high', agent: 'role/worker' }],
  },
  {
    name: 'fires although ten acts that mean nothing stand between any two',
    events: [...habit(), ...burst(AFTER, 880, (k) => (k % 11 === 0 ? enumeration(k / 11) : PADDING)).map(tightened)],
    expect: [{ severity: 'medium', agent: 'role/worker' }],
  },
  {
    name: 'fires on refusals among writes to many places',
    events: [
      ...habit(),
      ...burst(AFTER, 120, (k) => (k % 4 === 0 ? refused(k) : { ...PADDING, target: `notes/${k}` })).map(tightened),
    ],
    expect: [{ severity: 'high', agent: 'role/worker' }],
  },
  {
    name: 'fires on an agent that calls tools instead of an API',
    events: [
      ...habit().map((event) => ({ ...event, kind: 'tool' as const, action: 'read_inbox' })),
      ...burst(AFTER, 40, (k) => ({ kind: 'tool', action: `list_${k % 15}`, activity: 'list', target: `folder-${k}` })),
    ],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'fires on an identity without a history that is refused everywhere',
    events: burst(AFTER, 29, refused),
    expect: [{ severity: 'high' }],
  },
  {
    name: 'fires once on a burst that comes every day from then on',
    events: [...habit(), ...[0, 1, 2].flatMap((day) => burst(AFTER + day * DAY_MS, 80, enumeration))],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'stays quiet on an audit job that has shown its habit',
    events: Array.from({ length: 20 }, (_, day) => audit(day)).flat(),
    expect: [],
  },
  {
    name: 'stays quiet on the first listing of a new identity: a console page asks for as much',
    events: burst(AFTER, 40, enumeration),
    expect: [],
  },
  {
    name: 'stays quiet on one denied call that a broken job repeats',
    events: [...habit(), ...burst(AFTER, 120, () => ({ outcome: 'denied', target: 'bucket/gone' }))],
    expect: [],
  },
  {
    name: 'stays quiet on a batch over many objects, one of which is denied at every retry',
    events: [
      ...habit(),
      ...burst(AFTER, 120, (k) =>
        k % 4 === 0 ? { outcome: 'denied', target: 'bucket/gone' } : { target: `part-${k}` },
      ),
    ],
    expect: [],
  },
  {
    name: 'stays quiet on a batch that reads many objects with one action',
    events: [...habit(), ...burst(AFTER, 120, (k) => ({ target: `bucket/part-${k}` }))],
    expect: [],
  },
  {
    name: 'stays quiet on a deployment that writes',
    events: [...habit(), ...burst(AFTER, 80, (k) => ({ ...enumeration(k), activity: 'create' }))],
    expect: [],
  },
  {
    name: 'stays quiet on a crawler without a credential that meets old links on a public bucket',
    events: burst(AFTER, 40, (k) => ({
      ...refused(k),
      identity: 'anonymous',
      credential: '',
      action: 's3:GetObject',
    })),
    expect: [],
  },
]
