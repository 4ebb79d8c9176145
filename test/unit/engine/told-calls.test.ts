/** Calls that a log record and a span tell: judged once, whatever the order, and twice where the second says something else or more. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blankEvent, EVENT_COLUMNS, EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../../schemas/event.ts'
import { encodeControl, encodeFrame } from '../../../schemas/frame.ts'
import { H } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createStageOne, type Stage } from '../../../services/detector/engine/index.ts'

const T0 = Date.UTC(2026, 0, 1)
const MINUTE = 60_000

let made = 0
/** A call told by one kind of record; each has an event id of its own. */
const told = (call_record: Event['call_record'], change: Partial<Event> = {}): Event => ({
  ...blankEvent(),
  event_id: H('told', made++),
  content_id: H('content'),
  tenant: 't',
  sender: 'shipper',
  source: 'otlp',
  identity: 'a',
  principal_kind: 'agent',
  session: 's',
  source_id: 'call-1',
  call_record,
  action: 'read_file',
  kind: 'tool',
  activity: 'read',
  target: '/etc/hosts',
  outcome: 'success',
  peer_domains: ['example.net'],
  value_hashes: ['11', '12'],
  value_kinds: [0, 1],
  indicators: '{"call":1}',
  time: T0,
  receipt_time: T0,
  ...change,
})

const open = (stage?: Stage): Stage =>
  createStageOne({ detectors: [], codeVersion: 'x', partition: 0 }, stage?.snapshot())
const frameOf = (events: readonly Event[]): Buffer =>
  encodeFrame(events.map(rowOf), { schema: EVENT_SCHEMA_VERSION, receiptTime: T0 })

/** How many of the events are judged, with a restart before each where that is asked. */
function judged(events: readonly Event[], restarts = false): number {
  let stage = open()
  let count = 0
  events.forEach((event, offset) => {
    if (restarts) stage = open(stage)
    count += stage.apply({ offset, value: frameOf([event]) }).count
  })
  return count
}

const emptier: Partial<Event> = {
  target: '',
  activity: 'unknown',
  outcome: 'unknown',
  peer_domains: [],
  value_hashes: [],
  value_kinds: [],
  indicators: '',
}

describe('a call that is told twice', () => {
  it.each([
    ['the log record first', 'log', 'span'],
    ['the span first', 'span', 'log'],
  ] as const)('is judged once: %s', (_, first, second) => {
    for (const change of [{}, emptier, { time: T0 - 10 * MINUTE }, { value_hashes: ['12'], value_kinds: [1] }]) {
      const events = [told(first), told(second, change)]
      expect(judged(events)).toBe(1)
      expect(judged(events, true)).toBe(1)
    }
  })

  it('is judged once where arguments come with the first, and twice where they come with the second', () => {
    expect(judged([told('span'), told('log', emptier)])).toBe(1)
    expect(judged([told('log', emptier), told('span')])).toBe(2)
    // The fuller one covers a third telling.
    expect(judged([told('log', emptier), told('span'), told('log', emptier)])).toBe(2)
  })

  it('is two calls after ten minutes, of another identity, conversation, tenant, sender or id, or of one kind of record', () => {
    const other: Partial<Event>[] = [
      { time: T0 + 10 * MINUTE + 1 },
      { identity: 'b' },
      { session: 'z' },
      { tenant: 'u' },
      { sender: 'another' },
      { source_id: 'call-2' },
      { call_record: 'log' },
      { call_record: 'unknown' },
    ]
    for (const change of other) expect(judged([told('log'), told('span', change)]), JSON.stringify(change)).toBe(2)
    expect(judged([told('log', { session: '' }), told('span', { session: '' })])).toBe(2)
    expect(judged([told('log', { source_id: '' }), told('span', { source_id: '' })])).toBe(2)
  })

  it('counts each pair: an id that an agent uses again is a call again', () => {
    const pair = (): Event[] => [told('log'), told('span')]
    expect(judged([...pair(), ...pair(), ...pair()])).toBe(3)
    expect(judged([told('log'), told('log'), told('span'), told('span')], true)).toBe(2)
    expect(judged([told('log'), told('span'), told('span'), told('span')])).toBe(3)
  })

  it('is forgotten with its identity', () => {
    const stage = open()
    stage.apply({ offset: 0, value: frameOf([told('log')]) })
    const forget = { type: 'forget', key_kind: 'identity', tenant: 't', key: 'a' } as const
    stage.apply({ offset: 1, value: encodeControl(forget, T0) })
    expect(JSON.stringify(stage.snapshot().columns.map(({ bytes }) => Buffer.from(bytes).toString()))).not.toContain(
      '/etc/hosts',
    )
    expect(stage.apply({ offset: 2, value: frameOf([told('span')]) }).count).toBe(1)
  })

  it('keeps so many and so much, and what left is told as two', () => {
    const many = Array.from({ length: LIMITS.told_calls_per_partition_max + 1 }, (_, n) =>
      told('log', { source_id: `call-${n}` }),
    )
    const last = `call-${LIMITS.told_calls_per_partition_max}`
    expect(judged([...many, told('span', { source_id: last })])).toBe(many.length)
    expect(judged([...many, told('span', { source_id: 'call-0' })])).toBe(many.length + 1)
    const heavy = Array.from({ length: 10 }, (_, n) =>
      told('log', { source_id: `call-${n}`, indicators: 'x'.repeat(LIMITS.indicators_chars_max) }),
    )
    const again = (n: number): Event => told('span', { source_id: `call-${n}`, indicators: '' })
    expect(judged([...heavy, again(9)])).toBe(10)
    expect(judged([...heavy, again(0)])).toBe(11)
  })
})

/** Every column that says something of the call, with a value that stands nowhere else. */
const changeOf = (column: string, value: unknown): Partial<Event> => {
  if (typeof value === 'number') return { [column]: value + 1 }
  if (Array.isArray(value)) return { [column]: [...value, column === 'value_kinds' ? 1 : '99'] }
  return { [column]: `${String(value)}x` }
}
/** Which record it was, when it came, and what is made from other columns. */
const NOT_SAID = new Set(
  'event_id content_id time time_ns receipt_time sequence call_record extractor_version source_network user_agent_family value_kinds'.split(
    ' ',
  ),
)

describe('a second telling that says something else or more', () => {
  it('is judged, whatever column it is in', () => {
    const columns = EVENT_COLUMNS.map(({ name }) => name as keyof Event).filter((name) => !NOT_SAID.has(name))
    for (const column of columns) {
      const second = told('span')
      const change = changeOf(column, second[column])
      const more = column === 'value_hashes' ? { ...change, value_kinds: [0, 1, 0] } : change
      expect(judged([told('log'), { ...second, ...more }]), column).toBe(2)
    }
  })

  it('is judged where it leaves out what made the first milder', () => {
    const milder: Partial<Event>[] = [
      { approval: 'a-1' },
      { approver: 'boss' },
      { approval_expires: T0 + MINUTE },
      { outcome: 'denied' },
      { outcome: 'failure' },
      { history: 1 },
      { time_flag: 'missing' },
    ]
    for (const change of milder) {
      const second = told('span', 'outcome' in change ? { outcome: 'unknown' } : {})
      expect(judged([told('log', change), second]), JSON.stringify(change)).toBe(2)
    }
  })

  it('never hides a value: whatever is judged holds all values of all tellings', () => {
    const values = fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'), { maxLength: 4 })
    const script = fc.array(
      fc.record({ span: fc.boolean(), values, target: fc.constantFrom('', 'x', 'y'), call: fc.nat(1) }),
      { minLength: 2, maxLength: 12 },
    )
    fc.assert(
      fc.property(script, (tellings) => {
        const stage = open()
        const kept: Event[] = []
        for (const [offset, { span, values: value_hashes, target, call }] of tellings.entries()) {
          const value_kinds = value_hashes.map(() => 0)
          const event = told(span ? 'span' : 'log', { value_hashes, value_kinds, target, source_id: `call-${call}` })
          if (stage.apply({ offset, value: frameOf([event]) }).count === 1) kept.push(event)
        }
        for (const { values: hashes, target, call } of tellings) {
          const covered = kept.some(
            (event) =>
              event.source_id === `call-${call}` &&
              hashes.every((hash) => event.value_hashes.includes(hash)) &&
              (target === '' || event.target === target),
          )
          expect(covered).toBe(true)
        }
        // One of each pair is judged, so that nobody makes many calls one.
        expect(kept.length).toBeGreaterThanOrEqual(tellings.length / 2)
      }),
      { numRuns: 300 },
    )
  })
})
