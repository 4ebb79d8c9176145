/**
 * An excerpt: the words that an analyst needs to judge an alarm, and no others. The user's task, and sentences of what a tool
 * answered that read like orders; redacted and cut. They stand in a topic and a table of their own, never in `events`, and are
 * forgotten after 72 hours unless a finding names their event. Arguments are never excerpted. As JSON on the wire.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { LIMITS } from './limits.ts'

/** task: what the user asked for; order: a sentence that the agent read and that reads like an order. */
export const EXCERPT_KINDS = ['task', 'order'] as const
export type ExcerptKind = (typeof EXCERPT_KINDS)[number]

/** Whether words are kept: none, or excerpts. */
export const CONTENTS = ['none', 'excerpts'] as const
export type Content = (typeof CONTENTS)[number]

export const Excerpt = Type.Object(
  {
    tenant: Type.String(),
    event_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    place: Type.Integer({ minimum: 0, maximum: 255, description: 'Its number within the event' }),
    kind: Type.Unsafe<ExcerptKind>(Type.Enum([...EXCERPT_KINDS])),
    identity: Type.String(),
    text: Type.String({ maxLength: LIMITS.excerpt_chars_max }),
    receipt_time: Type.Integer({ minimum: 0, description: 'ms since 1970' }),
  },
  { $id: 'excerpt', additionalProperties: false },
)
export type Excerpt = Static<typeof Excerpt>
export const excerptValidator = validator(Excerpt)
