/**
 * An excerpt: the words that an analyst needs to judge an alarm, and no others. These are the user's task and the
 * sentences of a tool's answer that read like orders, redacted and truncated. They have a separate topic and table, are
 * never in `events`, and are forgotten after 72 hours unless a finding names their event. Arguments are never
 * excerpted. Only with `content: full` are whole bodies (messages, arguments and results, redacted) kept in the same
 * way. As JSON on the wire.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { LIMITS } from './limits.ts'

/**
 * task: what the user asked for; order: a sentence that the agent read and that reads like an order; message, arguments, result: a
 * whole body, redacted.
 */
export const EXCERPT_KINDS = ['task', 'order', 'message', 'arguments', 'result'] as const
export type ExcerptKind = (typeof EXCERPT_KINDS)[number]

/** Which words are kept: none, excerpts, or excerpts and whole bodies. */
export const CONTENTS = ['none', 'excerpts', 'full'] as const
export type Content = (typeof CONTENTS)[number]

export const Excerpt = Type.Object(
  {
    tenant: Type.String(),
    event_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    place: Type.Integer({ minimum: 0, maximum: 255, description: 'Its number within the event' }),
    kind: Type.Unsafe<ExcerptKind>(Type.Enum([...EXCERPT_KINDS])),
    identity: Type.String(),
    text: Type.String({ maxLength: LIMITS.excerpt_body_chars_max }),
    receipt_time: Type.Integer({ minimum: 0, description: 'ms since 1970' }),
  },
  { $id: 'excerpt', additionalProperties: false },
)
export type Excerpt = Static<typeof Excerpt>

/** An excerpt as sent to sinks. */
export type ToldExcerpt = Pick<Excerpt, 'event_id' | 'kind' | 'text'>

export const excerptValidator = validator(Excerpt)
