/**
 * A quarantine: the hold on one identity, from request to end, and the order sent to those who enforce it. Every change of
 * state takes the next sequence number of its identity, and an order carries its number. A receiver that gets two orders out
 * of sequence keeps the higher one.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { LIMITS } from './limits.ts'

/** What is done to an identity: stop it, or only reduce its autonomy. */
export const CONTAINMENTS = ['quarantine', 'reduce-autonomy'] as const
export type Containment = (typeof CONTAINMENTS)[number]

/**
 * shadow: would have been requested, nothing was done; proposed: waits for a person; refused: a guard rail or a person
 * said no; requested: ordered, not yet sent; sent: at least one attempt to send the order was made; acknowledged: every
 * sink that receives orders has answered 2xx; released: ended by a person; expired: ended by time.
 */
export const QUARANTINE_STATUSES = [
  'shadow',
  'proposed',
  'refused',
  'requested',
  'sent',
  'acknowledged',
  'released',
  'expired',
] as const
export type QuarantineStatus = (typeof QUARANTINE_STATUSES)[number]

const optionalTime = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

export const Quarantine = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'H(incident or command and identity, action)' }),
    tenant: Type.String(),
    identity: Type.String(),
    identity_since: Type.Optional(
      Type.String({
        description: "When the identity's first event was, as known when it was asked for; absent where nobody knew",
      }),
    ),
    action: Type.Unsafe<Containment>(Type.Enum([...CONTAINMENTS])),
    status: Type.Unsafe<QuarantineStatus>(Type.Enum([...QUARANTINE_STATUSES])),
    status_reason: Type.String({ description: 'Why it stands where it stands, for people' }),
    sequence: Type.Integer({
      minimum: 1,
      description: 'Rises with every change, over all quarantines of the identity',
    }),
    order_sequence: Type.Integer({ minimum: 0, description: 'Sequence of the newest order; 0 without any' }),
    reason: Type.String({ description: 'Why it was asked for' }),
    finding_ids: Type.Array(Type.String(), { maxItems: LIMITS.incident_findings_max }),
    incident_id: Type.Union([Type.String(), Type.Null()]),
    automatic: Type.Boolean({ description: 'Asked for by policy; false: by a person' }),
    requested_by: Type.String({ description: 'Name of the token of the person, or policy' }),
    requested_at: Type.String({ description: 'ISO 8601 in UTC, as all times here' }),
    approved_by: Type.Union([Type.String(), Type.Null()]),
    ordered_at: optionalTime('When the order to contain was given'),
    sent_at: optionalTime('First attempt to send it'),
    acknowledged_at: optionalTime('When the last sink that receives orders had answered 2xx'),
    acknowledged_by: Type.Array(Type.String(), { description: 'Sinks that have answered 2xx to the newest order' }),
    expires_at: optionalTime('When it ends by itself; for a proposal, when it lapses'),
    ended_at: optionalTime('When it was released, refused or expired'),
    released_by: Type.Union([Type.String(), Type.Null()]),
    release_reason: Type.Union([Type.String(), Type.Null()]),
  },
  { $id: 'quarantine', additionalProperties: false },
)
export type Quarantine = Static<typeof Quarantine>
export const quarantineValidator = validator(Quarantine)

/** What an order tells its receiver to do. */
export const ORDER_ACTIONS = [...CONTAINMENTS, 'release'] as const

/** `data` of the webhooks `quarantine.requested` and `quarantine.released`. */
export const QuarantineOrder = Type.Object(
  {
    id: Type.String({ description: 'Id of the quarantine; the same in the order that releases it' }),
    tenant: Type.String(),
    identity: Type.String(),
    sequence: Type.Integer({
      minimum: 1,
      description: 'Rises with every order for the identity: refuse an order with a lower one than the newest you had',
    }),
    action: Type.Unsafe<(typeof ORDER_ACTIONS)[number]>(Type.Enum([...ORDER_ACTIONS])),
    reason: Type.String(),
    finding_ids: Type.Array(Type.String()),
    incident_id: Type.Union([Type.String(), Type.Null()]),
    ordered_by: Type.String({ description: 'policy, the name of a token, or expiry' }),
    ordered_at: Type.String(),
    expires_at: Type.Union([Type.String(), Type.Null()], {
      description: 'When the receiver may lift it unasked; null for a release',
    }),
  },
  { $id: 'quarantine-order', additionalProperties: false },
)
export type QuarantineOrder = Static<typeof QuarantineOrder>
export const quarantineOrderValidator = validator(QuarantineOrder)

const ACTIVE: ReadonlySet<QuarantineStatus> = new Set(['requested', 'sent', 'acknowledged'])
/** Whether the identity is meant to be held back at the moment. */
export const isActive = (quarantine: Quarantine): boolean => ACTIVE.has(quarantine.status)
