/**
 * A delivery: one action sent to one sink, with every attempt accounted for. Its id is the `webhook-id` of every
 * attempt, so that a receiver can drop what it has.
 */
import Type, { type Static } from 'typebox'
import { NOTICE_TYPES, type NoticeType } from './notice.ts'

/**
 * pending: has attempts left; held: a finding above the rate of its sink, which waits for a digest; joined: told in one; delivered: the receiver has taken it; dead: given up, can be replayed; superseded: an order that a newer
 * one for the same identity had overtaken before it was delivered.
 */
export const DELIVERY_STATUSES = ['pending', 'held', 'delivered', 'joined', 'dead', 'superseded'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

export const Delivery = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'H(action_id, sink)' }),
    tenant: Type.String(),
    sink: Type.String({ description: 'Name of the sink in the configuration' }),
    type: Type.Unsafe<NoticeType>(Type.Enum(Object.keys(NOTICE_TYPES))),
    action_id: Type.String({
      description: 'Names the notice, too: every sink that hears it has a delivery of its own',
    }),
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
