/**
 * Answers of inputs without their own dialect: `{accepted, rejected, errors}`, with what was left out of the accepted
 * events, or `{"error": {code, message}}`.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Answer, inJson, refusalHeaders } from '../../answers.ts'
import type { Outcome } from '../input.ts'

export function ownAnswer(outcome: Outcome): Answer {
  if (!outcome.ok) {
    const { status, code, message } = outcome
    return { status, headers: refusalHeaders(status), ...inJson({ error: { code, message } }) }
  }
  const { events, rejected, ignored, untimed } = outcome.account
  const errors = rejected.slice(0, LIMITS.rejections_named_max).map(({ index, reason, detail, line }) => ({
    index,
    reason,
    detail: line === undefined ? detail : `line ${line}: ${detail}`,
  }))
  const ignoredFields = Object.keys(ignored).length === 0 ? {} : { ignored_fields: ignored }
  const untimedEvents = untimed.size === 0 ? {} : { untimed: Object.fromEntries(untimed) }
  const body = { accepted: events, rejected: rejected.length, errors, ...ignoredFields, ...untimedEvents }
  return { status: 200, headers: {}, ...inJson(body) }
}
