/** Writes changes of quarantines under the next number of their identity, and sends the orders that go with them. */
import { isActive, type Quarantine, type QuarantineOrder } from '../../../schemas/quarantine.ts'
import type { Deliveries } from '../deliveries/index.ts'
import type { Notices } from '../notices.ts'
import type { Sinks } from '../sink-states.ts'
import type { StateStore, Transaction } from '../store.ts'
import type { Memory } from './memory.ts'
import { type Draft, orderOf, replaced, requested } from './transitions.ts'

export interface QuarantineDeps {
  readonly store: StateStore
  readonly notices: Notices
  readonly sinks: Sinks
  readonly deliveries: Deliveries
}

/** What the functions of this folder work with. */
export interface Desk extends QuarantineDeps {
  readonly memory: Memory
}

/** What an order contains besides its quarantine. */
interface Giving {
  readonly action: QuarantineOrder['action']
  readonly by: string
  readonly reason: string
}

export function write({ memory }: Desk, tx: Transaction, draft: Draft): Quarantine {
  const written: Quarantine = { ...draft, sequence: memory.next(draft.tenant, draft.identity) }
  tx.put('quarantine', written.id, written, written.sequence)
  memory.remember(written)
  return written
}

/** Nobody carries out the order: a person must know, once per order. */
export function tellUnheard({ notices }: Desk, tx: Transaction, q: Quarantine, reason: string, nowMs: number): void {
  const what = q.status === 'requested' || q.status === 'sent' ? 'the order' : 'the release'
  const data = { ...q, reason: `${what}: ${reason}` }
  notices.tell(tx, { type: 'quarantine.unheard', subject: q.id, mark: q.order_sequence, data }, nowMs)
}

/** Writes the change and sends the order that goes with it. */
function send(desk: Desk, tx: Transaction, draft: Draft, { action, by, reason }: Giving, nowMs: number): Quarantine {
  const nobody = desk.sinks.ordersProblem(draft.tenant)
  const reasons = [draft.status_reason, nobody ?? ''].filter((text) => text !== '')
  const written = write(desk, tx, {
    ...draft,
    order_sequence: desk.memory.next(draft.tenant, draft.identity),
    acknowledged_by: [],
    status_reason: nobody === undefined ? draft.status_reason : reasons.join('; '),
  })
  const { id, identity, order_sequence: sequence } = written
  const telling = {
    type: action === 'release' ? 'quarantine.released' : 'quarantine.requested',
    subject: id,
    mark: sequence,
    data: orderOf(written, action, by, reason, nowMs),
    identity,
    orderSequence: sequence,
  } as const
  desk.notices.tell(tx, telling, nowMs)
  if (nobody !== undefined) tellUnheard(desk, tx, written, nobody, nowMs)
  return written
}

/** Orders what the draft asks for; an order that holds the identity already is replaced at the receivers. */
export function contain(desk: Desk, tx: Transaction, draft: Draft, by: string, nowMs: number): Quarantine {
  const held = desk.memory.current(draft.tenant, draft.identity)
  if (held !== undefined && held.id !== draft.id && isActive(held)) write(desk, tx, replaced(held, draft, by, nowMs))
  return send(desk, tx, requested(draft, nowMs), { action: draft.action, by, reason: draft.reason }, nowMs)
}

/** Lifts an order that has ended. */
export const lift = (desk: Desk, tx: Transaction, ended: Draft, by: string, nowMs: number): Quarantine =>
  send(desk, tx, ended, { action: 'release', by, reason: ended.status_reason }, nowMs)
