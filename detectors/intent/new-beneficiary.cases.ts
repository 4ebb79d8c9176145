/** Cases of intent/new-beneficiary. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const act = (
  hours: number,
  session: string,
  action: string,
  target: string,
  more: Partial<CaseEvent> = {},
): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity: 'payer-1',
  owner: 'finance',
  kind: 'tool',
  action,
  target,
  session,
  outcome: 'success',
  ...more,
})
const pay = (hours: number, session: string, account: string, more: Partial<CaseEvent> = {}): CaseEvent =>
  act(hours, session, 'payment.create', account, { target_kind: 'account', activity: 'create', ...more })
/** A session that looks a vendor up and pays him. */
const flow = (hours: number, vendor: string, account: string, more: Partial<CaseEvent> = {}): CaseEvent[] => [
  act(hours, `s${hours}`, 'invoice.read', `invoice:${hours}`),
  act(hours + 0.01, `s${hours}`, 'vendor.lookup', vendor),
  pay(hours + 0.02, `s${hours}`, account, { source_id: `pay-${hours}`, ...more }),
]
const usual = [0, 24, 48, 72].flatMap((hour) => [
  ...flow(hour, 'vendor:1', 'A-1'),
  ...flow(hour + 1, 'vendor:2', 'B-1'),
])
/** The values of a payment whose arguments are logged: payee, amount, currency, account. */
const values = (payee: string, amount: number, account: string): Partial<CaseEvent> => ({
  value_hashes: [payee, String(amount), '900', account],
  value_kinds: [0, 0, 0, 4],
  target: '',
  target_kind: '',
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when a vendor that was looked up is paid on another account',
    events: [...usual, ...flow(96, 'vendor:1', 'X-9')],
    expect: [{ severity: 'medium', agent: 'payer-1', evidence: ['pay-96'] }],
  },
  {
    name: 'fires when the payee that the arguments name is paid on another account',
    events: [
      ...many(8, (n) =>
        pay(n * 12, `t${n}`, '', values(n % 2 === 0 ? '11' : '22', 1_000 + n, n % 2 === 0 ? '71' : '72')),
      ),
      pay(120, 'last', '', { ...values('11', 3_000, '79'), source_id: 'odd' }),
    ],
    expect: [{ severity: 'medium', evidence: ['odd'] }],
  },
  { name: 'is quiet for a vendor that was never paid', events: [...usual, ...flow(96, 'vendor:3', 'C-1')], expect: [] },
  {
    name: 'is quiet for a change that somebody approved',
    events: [...usual, ...flow(96, 'vendor:1', 'X-9', { approval: 'chg-7' }), ...flow(120, 'vendor:1', 'X-9')],
    expect: [],
  },
  {
    name: 'is quiet for a payee with two accounts from the start',
    events: [0, 24, 48, 72, 96].flatMap((hour, k) => flow(hour, 'vendor:1', k % 2 === 0 ? 'A-1' : 'A-2')),
    expect: [],
  },
  { name: 'is quiet for what it always pays', events: [...usual, ...flow(96, 'vendor:1', 'A-1')], expect: [] },
]
