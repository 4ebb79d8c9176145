/**
 * A delivery: one action told to one sink, with every attempt accounted for. Its id stands in `webhook-id` on each of
 * them, so that a receiver can drop what it has.
 */
import Type, { type Static } from 'typebox'

/** `type` of the webhook's body, and what `data` holds. */
export const DELIVERY_TYPES = {
  'finding.created': 'a finding, revision 1',
  'incident.paged': 'an incident that policy wants a person woken for',
  'quarantine.requested': 'an order: contain this identity',
  'quarantine.released': 'an order: let this identity go',
  'quarantine.proposed': 'a quarantine that waits for a person',
  'suppression.added': 'findings of a scope are told no more up to an end',
  'suppression.ended': 'a person or time has ended a suppression',
  'sink.disabled': 'another sink answered 410 and gets nothing more',
  'sink.failing': 'another sink refused a delivery to the last attempt',
} as const
export type DeliveryType = keyof typeof DELIVERY_TYPES

/** Told to every sink of the tenant, whatever it is set to receive: from then on it hears less, or more. */
export const TOLD_TO_ALL: ReadonlySet<DeliveryType> = new Set(['suppression.added', 'suppression.ended'])

/** What a sink may be set to receive, and which types that covers. */
export const RECEIVES = ['findings', 'orders', 'notices'] as const
export type Receives = (typeof RECEIVES)[number]
export const receivesOf = (type: DeliveryType): Receives => {
  if (type === 'finding.created') return 'findings'
  return type === 'quarantine.requested' || type === 'quarantine.released' ? 'orders' : 'notices'
}

/**
 * pending: has attempts left; delivered: answered 2xx; dead: given up, can be replayed; superseded: an order that a newer
 * one for the same identity had overtaken before it was delivered.
 */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead', 'superseded'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

export const Delivery = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'H(action_id, sink)' }),
    tenant: Type.String(),
    sink: Type.String({ description: 'Name of the sink in the configuration' }),
    type: Type.Unsafe<DeliveryType>(Type.Enum(Object.keys(DELIVERY_TYPES))),
    action_id: Type.String({ description: 'Names the payload, too: the same bytes go to every sink' }),
    subject: Type.String({ description: 'Id of the finding, incident or quarantine that it is about' }),
    /** Orders only: whose, and which number. '' and 0 otherwise. */
    identity: Type.String(),
    order_sequence: Type.Integer({ minimum: 0 }),
    status: Type.Unsafe<DeliveryStatus>(Type.Enum([...DELIVERY_STATUSES])),
    attempts: Type.Integer({ minimum: 0, description: 'Attempts begun since it was made or replayed' }),
    created_ms: Type.Integer(),
    next_attempt_ms: Type.Integer({ description: 'Not before; ms since 1970. 0 when it is closed' }),
    closed_ms: Type.Integer({ minimum: 0, description: 'When it stopped being pending; 0 before' }),
    last_outcome: Type.String({ description: 'What came of the last attempt, for people; empty before the first' }),
  },
  { $id: 'delivery', additionalProperties: false },
)
export type Delivery = Static<typeof Delivery>
