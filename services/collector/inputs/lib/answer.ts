/** Answers of inputs that have no dialect of their own: `{accepted, rejected, errors}`, `{"error": {code, message}}`. */
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Answer, inJson, refusalHeaders } from '../../answers.ts'
import type { Outcome } from '../input.ts'

export function ownAnswer(outcome: Outcome): Answer {
  if (!outcome.ok) {
    const { status, code, message } = outcome
    return { status, headers: refusalHeaders(status), ...inJson({ error: { code, message } }) }
  }
  const { events, rejected, ignored } = outcome.account
  const errors = rejected
    .slice(0, LIMITS.rejections_named_max)
    .map(({ index, reason, detail }) => ({ index, reason, detail }))
  const ignoredFields = Object.keys(ignored).length === 0 ? {} : { ignored_fields: ignored }
  const body = { accepted: events, rejected: rejected.length, errors, ...ignoredFields }
  return { status: 200, headers: {}, ...inJson(body) }
}
