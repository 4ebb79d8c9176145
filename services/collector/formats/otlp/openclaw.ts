/**
 * What OpenClaw's plugin `diagnostics-otel` says in its own way. A call of a tool is a span `openclaw.tool.execution` that tells its end
 * only if it failed or was blocked. The tokens of a turn are counted by a span `openclaw.model.usage`; in 2026.9 the spans of the
 * model's calls count them as well. A message of a user is a span `openclaw.message.processed`, without its words. These three are in
 * traces of their own. Log records are the lines of its log file.
 */
import type { Fields } from '../format.ts'
import type { Act } from './act.ts'
import { attributeText, hasPrefix, type LogView } from './attributes.ts'

const SCOPE = 'openclaw'
const TOOL_CALL = 'openclaw.tool.execution'
const MODEL_CALL = 'openclaw.model.call'
const MODEL_USAGE = 'openclaw.model.usage'
const MESSAGE = 'openclaw.message.processed'

/** Whether the plugin wrote a record; others may call their scope the same. */
export const isOpenClaw = (view: LogView): boolean => view.scopeName === SCOPE && hasPrefix(view, 'openclaw.')

/** A call without an error ended well; one that the end of the process cut off looks the same. */
const ended = ({ fields, ...act }: Act): Act => ({
  ...act,
  fields: fields.outcome === 'unknown' ? { ...fields, outcome: 'success' } : fields,
})

const free = ({ fields, ...act }: Act): Act => ({ ...act, fields: { ...fields, tokens_in: 0, tokens_out: 0 } })

/** Named after the span, because it is no further call of the model. */
const counted = ({ fields, ...act }: Act): Act => ({ ...act, fields: { ...fields, action: MODEL_USAGE } })

/** The acts that the readers of the conventions found in a span, as OpenClaw means them. */
export function openClawActs(view: LogView, acts: readonly Act[]): Act[] {
  switch (view.record.name) {
    case TOOL_CALL:
      return acts.map(ended)
    case MODEL_CALL:
      return acts.map(free)
    case MODEL_USAGE:
      return acts.map(counted)
    default:
      return [...acts]
  }
}

/**
 * The message of a user that a span tells of once the agent has dealt with it. One that was skipped is a repetition of another
 * (OpenClaw skips for no other reason), so that it is no act.
 */
export function openClawMessages(view: LogView): Act[] {
  if (view.spanId === undefined || view.record.name !== MESSAGE || !isOpenClaw(view)) return []
  const outcome = attributeText(view, 'openclaw.outcome')
  if (outcome === 'skipped') return []
  const ended: Fields =
    outcome === 'error'
      ? { outcome: 'failure', error: attributeText(view, 'error.type') || 'error' }
      : { outcome: 'success' }
  return [
    {
      id: undefined,
      sourceId: attributeText(view, 'openclaw.messageId'),
      fields: { action: 'user.message', kind: 'message', activity: 'create', ...ended },
    },
  ]
}
