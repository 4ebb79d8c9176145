/** What became of an order at the sinks. An outcome of an order that a newer one has overtaken changes nothing. */
import type { Delivery } from '../../../schemas/delivery.ts'
import type { Quarantine } from '../../../schemas/quarantine.ts'
import type { Transaction } from '../store.ts'
import { acknowledged, sent, undelivered } from './transitions.ts'
import { type Desk, tellUnheard, write } from './writing.ts'

export interface Outcomes {
  /** An attempt to send an order begins. */
  onSent(tx: Transaction, delivery: Delivery, nowMs: number): void
  /** An attempt to deliver an order has failed, or was the last: a quarantine must not look under way if it is not. */
  onUndelivered(tx: Transaction, delivery: Delivery, outcome: string, nowMs: number): void
  /** A sink has taken an order. */
  onAcknowledged(tx: Transaction, delivery: Delivery, nowMs: number): void
}

/** The quarantine whose newest order was delivered; undefined for an older order. */
function ofNewestOrder({ memory }: Desk, tx: Transaction, delivery: Delivery): Quarantine | undefined {
  const q = memory.get(tx.tenant, delivery.subject)
  return q?.order_sequence === delivery.order_sequence ? q : undefined
}

/** Whether all deliveries of the order, to sinks that carry out orders, have this status. */
const areAll = ({ sinks, deliveries }: Desk, { action_id }: Delivery, status: Delivery['status']): boolean =>
  deliveries
    .ofAction(action_id)
    .filter(({ sink }) => sinks.confirms(sink))
    .every((one) => one.status === status)

export const createOutcomes = (desk: Desk): Outcomes => ({
  onSent(tx, delivery, nowMs) {
    const q = ofNewestOrder(desk, tx, delivery)
    if (q?.status === 'requested') write(desk, tx, sent(q, nowMs))
  },

  onUndelivered(tx, delivery, outcome, nowMs) {
    const q = ofNewestOrder(desk, tx, delivery)
    if (q === undefined || !desk.sinks.confirms(delivery.sink)) return
    // It was said when the order was given, and nothing has been tried since.
    const nobody = desk.sinks.ordersProblem(q.tenant)
    if (nobody !== undefined && q.status_reason.includes(nobody)) return
    const isHopeless = areAll(desk, delivery, 'dead')
    const changed = undelivered(q, delivery.sink, outcome, isHopeless)
    if (q.status_reason === changed.status_reason) return
    const written = write(desk, tx, changed)
    if (isHopeless) tellUnheard(desk, tx, written, written.status_reason, nowMs)
  },

  onAcknowledged(tx, delivery, nowMs) {
    const q = ofNewestOrder(desk, tx, delivery)
    // A posted message is no contained agent.
    if (q === undefined || !desk.sinks.confirms(delivery.sink) || q.acknowledged_by.includes(delivery.sink)) return
    write(desk, tx, acknowledged(q, delivery.sink, areAll(desk, delivery, 'delivered'), nowMs))
  },
})
