/**
 * The body of a webhook: `{"type", "timestamp", "data"}`, always below `delivery_body_bytes_max`. A finding that is too
 * large loses evidence from the end (the root stands first), and if that is not enough what it measured; the body then
 * says so in `trimmed`, and the whole finding stands in the API under its id.
 */
import type { DeliveryType } from '../../../schemas/delivery.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'

interface Trimmed {
  /** How many evidence events are left out. */
  readonly evidence: number
  /** Whether `observed` and `expected` are left out. */
  readonly measures: boolean
}

const fits = (text: string): boolean => Buffer.byteLength(text) < LIMITS.delivery_body_bytes_max

function write(type: DeliveryType, timestamp: string, data: unknown, trimmed?: Trimmed): string {
  return JSON.stringify({ type, timestamp, ...(trimmed === undefined ? {} : { trimmed }), data })
}

/** Body of `finding.created`. `timestamp` is when the action was taken, ISO 8601. */
export function findingPayload(finding: Finding, timestamp: string): string {
  const whole = write('finding.created', timestamp, finding)
  if (fits(whole)) return whole
  const cut = (kept: number, measures: boolean): string =>
    write(
      'finding.created',
      timestamp,
      {
        ...finding,
        ...(measures ? {} : { observed: {}, expected: {} }),
        evidence: finding.evidence.slice(0, kept),
      },
      { evidence: finding.evidence.length - kept, measures: !measures },
    )
  for (const measures of [true, false]) {
    for (let kept = finding.evidence.length - 1; kept >= 1; kept--) {
      const text = cut(kept, measures)
      if (fits(text)) return text
    }
  }
  return cut(0, false)
}

/** Body of everything else; the caller keeps `data` small. */
export const payload = (type: Exclude<DeliveryType, 'finding.created'>, timestamp: string, data: unknown): string =>
  write(type, timestamp, data)
