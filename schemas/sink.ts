/** How a sink is: what it is set to hear, and how the receiver behind it takes that. Neither address nor secret is in it. */
import Type, { type Static } from 'typebox'
import { SEVERITIES, type Severity } from './finding.ts'
import { RECEIVES, type Receives } from './notice.ts'

/**
 * ok: accepts deliveries, or has received none yet. failing: has accepted nothing for minutes, or a delivery used up all its
 * attempts. disabled: has said that it wants no more.
 */
export const SINK_STATUSES = ['ok', 'failing', 'disabled'] as const
export type SinkStatus = (typeof SINK_STATUSES)[number]

const count = (description: string) => Type.Integer({ minimum: 0, description })

export const SinkView = Type.Object(
  {
    name: Type.String(),
    type: Type.String(),
    tenant: Type.String({ description: "'*': it serves every tenant" }),
    receives: Type.Array(Type.Unsafe<Receives>(Type.Enum([...RECEIVES]))),
    min_severity: Type.Unsafe<Severity>(Type.Enum([...SEVERITIES])),
    status: Type.Unsafe<SinkStatus>(Type.Enum([...SINK_STATUSES])),
    since: Type.String({ description: 'When the status changed last, or the sink was configured; ISO 8601 in UTC' }),
    detail: Type.String({ description: 'What the receiver said then; empty where nothing has happened' }),
    pending: count('Deliveries of this tenant that wait for an attempt'),
    held: count('Findings of this tenant that wait for the next digest'),
    dead: count('Deliveries of this tenant that were given up and can be replayed'),
    last_delivered: Type.Union([Type.String(), Type.Null()], {
      description: 'When it took something of this tenant last, as far as is kept; ISO 8601 in UTC',
    }),
  },
  { $id: 'sink', additionalProperties: false },
)
export type SinkView = Static<typeof SinkView>
