/** Cases of bounds/never. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR = 3_600_000
const act = (hour: number, more: Partial<CaseEvent>): CaseEvent => ({
  time: T0 + hour * HOUR,
  identity: 'billing-agent-3',
  principal_kind: 'agent',
  kind: 'tool',
  outcome: 'success',
  action: 'read_invoice',
  ...more,
})
const agents = {
  agents: [
    { agent: '*', never: { actions: ['iam:CreateAccessKey'] } },
    {
      agent: 'billing-agent-*',
      owner: 'finance',
      never: { actions: ['delete_*'], targets: ['ledger/closed/*'], peers: ['paste.example', '198.51.100.0/24'] },
    },
  ],
}

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires high on a forbidden operation as its first act, whoever approved it',
    agents,
    events: [act(0, { action: 'Delete_Invoice', approval: 'chg-7' })],
    expect: [{ severity: 'high', agent: 'billing-agent-3', evidence: ['e1'] }],
  },
  {
    name: 'fires once for each entry and day, however often it is done',
    agents,
    events: [
      act(0, { action: 'delete_invoice' }),
      act(1, { action: 'delete_order' }),
      act(2, { target: 'ledger/closed/2024' }),
      act(24, { action: 'delete_invoice' }),
    ],
    expect: [{ severity: 'high' }, { severity: 'high' }, { severity: 'high' }],
  },
  {
    name: 'fires on a forbidden peer, by its host, by what lies below it and by its range',
    agents,
    events: [
      act(0, { peer: 'https://api.paste.example/new' }),
      act(1, { peer_domains: ['partner.example', '198.51.100.7'] }),
    ],
    expect: [{ evidence: ['e1'] }, { evidence: ['e2'] }],
  },
  {
    name: 'fires medium on an attempt that was denied, and high once it succeeds',
    agents,
    events: [
      act(0, { action: 'delete_invoice', outcome: 'denied' }),
      act(1, { action: 'delete_invoice', outcome: 'success' }),
    ],
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'is quiet for what is not listed, and for what only looks like it',
    agents,
    events: [
      act(0, {}),
      act(1, { action: 'undelete_invoice' }),
      act(2, { target: 'ledger/open/2026' }),
      act(3, { peer: 'notpaste.example' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet for an identity that the entry does not fit',
    agents,
    events: [act(0, { identity: 'cleanup-agent', action: 'delete_invoice' })],
    expect: [],
  },
  { name: 'is quiet without a registry', events: [act(0, { action: 'delete_invoice' })], expect: [] },
]
