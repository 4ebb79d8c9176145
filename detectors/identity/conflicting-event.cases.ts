/** Cases of identity/conflicting-event. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const ID = 'a'.repeat(32)
const content = (digit: string): string => digit.repeat(32)
const act = (time: number, event: Partial<CaseEvent>): CaseEvent => ({
  time,
  identity: 'agent-a',
  owner: 'acme',
  kind: 'tool',
  action: 'read_file',
  ...event,
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on an event under the id of an earlier one that says something else',
    events: [
      act(T0, { event_id: ID, content_id: content('1'), source_id: 'call-1', target: 'report.pdf' }),
      act(T0 + 1_000, { event_id: ID, content_id: content('2'), source_id: 'call-1', target: 'payroll.csv' }),
    ],
    expect: [{ severity: 'high', agent: 'agent-a', evidence: ['call-1'] }],
  },
  {
    name: 'fires whatever time it claims, and once for each content however often it comes',
    events: [
      act(T0, { event_id: ID, content_id: content('1') }),
      act(T0 - 60_000, { event_id: ID, content_id: content('2') }),
      act(T0 + 60_000, { event_id: ID, content_id: content('2') }),
      act(T0, { event_id: ID, content_id: content('3'), time_flag: 'missing' }),
    ],
    expect: [{ severity: 'high' }, { severity: 'high' }],
  },
  {
    name: 'stays quiet on an event that is sent again, at another time too',
    events: [
      act(T0, { event_id: ID, content_id: content('1') }),
      act(T0, { event_id: ID, content_id: content('1') }),
      act(T0 + 5_000, { event_id: ID, content_id: content('1'), time_flag: 'missing' }),
    ],
    expect: [],
  },
  {
    name: 'stays quiet on two events that say the same under ids of their own',
    events: [
      act(T0, { event_id: ID, content_id: content('1') }),
      act(T0, { event_id: 'b'.repeat(32), content_id: content('1') }),
    ],
    expect: [],
  },
  {
    name: 'stays quiet on an event whose first copy says nothing of its content, as old frames do',
    events: [act(T0, { event_id: ID, content_id: '' }), act(T0 + 1_000, { event_id: ID, content_id: content('2') })],
    expect: [],
  },
]
