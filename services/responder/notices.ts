/** Tells sinks what happened: one place that knows who hears what, and under which ids. */
import type { DeliveryType } from '../../schemas/delivery.ts'
import { actionId } from '../../schemas/ids.ts'
import type { Deliveries } from './deliveries.ts'
import type { Sinks } from './sinks.ts'
import type { Transaction } from './store.ts'
import { payload } from './webhook/payload.ts'

/** What is told, and about what. */
export interface Telling {
  readonly type: Exclude<DeliveryType, 'finding.created'>
  /** What the id is made of: the thing, and which of its acts. */
  readonly cause: string
  readonly act: string
  readonly subject: string
  readonly data: unknown
}

export interface Notices {
  /** Stages a delivery to every sink of the tenant that hears of this, but for the one named. */
  tell(tx: Transaction, telling: Telling, nowMs: number, except?: string): void
}

export const createNotices = (sinks: Sinks, deliveries: Deliveries): Notices => ({
  tell(tx, { type, cause, act, subject, data }, nowMs, except) {
    const hearing = sinks.receiving(tx.tenant, type).filter(({ name }) => name !== except)
    const text = payload(type, new Date(nowMs).toISOString(), data)
    deliveries.create(tx, { type, actionId: actionId(cause, act), subject, text }, hearing, nowMs)
  },
})
