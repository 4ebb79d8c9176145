/**
 * Control records: what is not an event and must still be in the log, because the detectors' results depend on it. They
 * are between the frames of `events` and `signals`, so that every replay meets them at the same position.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { SUPPRESSION_SCOPE_PROPERTIES } from './suppression.ts'

/** A section of the configuration changed: `hash` names its content in the topic `state`. */
export const ConfigControl = Type.Object({
  type: Type.Literal('config'),
  name: Type.String({
    description: 'Which section: detection (settings, networks, peers), leaked-credentials (schemas/leak-list.ts)',
  }),
  tenant: Type.String({ description: "Whose; '' for every tenant" }),
  hash: Type.String({ pattern: '^[0-9a-f]{32}$' }),
})

/**
 * A person's verdict on a finding, addressed to the stage and key it concerns. If it was harmless, what was new about
 * the doubted events is learned; otherwise it is never learned automatically.
 */
export const VerdictControl = Type.Object({
  type: Type.Literal('verdict'),
  tenant: Type.String(),
  finding_id: Type.String(),
  detector: Type.String(),
  key: Type.String(),
  verdict: Type.Enum(['true_positive', 'false_positive', 'benign']),
})

export type VerdictControl = Static<typeof VerdictControl>

/** Drops the state of one key: the right to be forgotten, or a baseline that was poisoned. */
export const ForgetControl = Type.Object({
  type: Type.Literal('forget'),
  tenant: Type.String(),
  key_kind: Type.String(),
  key: Type.String(),
})

/** Findings of a scope turn to shadow until `until`; the same id again with `ended` takes it back. No part of the epoch. */
export const SuppressionControl = Type.Object({
  type: Type.Literal('suppression'),
  tenant: Type.String(),
  id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  ended: Type.Boolean(),
  ...SUPPRESSION_SCOPE_PROPERTIES,
  until: Type.String({ description: 'Event time, ISO 8601 in UTC' }),
})
export type SuppressionControl = Static<typeof SuppressionControl>

export type ConfigControl = Static<typeof ConfigControl>

export const Control = Type.Union([ConfigControl, VerdictControl, ForgetControl, SuppressionControl])
export type Control = Static<typeof Control>
export const controlValidator = validator(Control)
