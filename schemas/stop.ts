/** A tenant's global stop, as a person left it: while it is set, nothing is contained automatically. State record `switch`. */
import Type, { type Static } from 'typebox'

export const StopSwitch = Type.Object(
  {
    tenant: Type.String(),
    stopped: Type.Boolean(),
    by: Type.String({ description: 'Name of the token of the person' }),
    reason: Type.String(),
    time: Type.String({ description: 'When it was set or lifted' }),
  },
  { additionalProperties: false },
)
export type StopSwitch = Static<typeof StopSwitch>
