/**
 * The body of a webhook: `{"type", "timestamp", "data"}`, always below `delivery_body_bytes_max`. A finding that is too
 * large loses evidence. The body then says so in `trimmed`, and the API has the whole finding under its id.
 */
import type { Finding } from '../../../../schemas/finding.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Notice, trimFinding, type Trimmed } from '../../../../schemas/notice.ts'

const write = ({ type, time, excerpts }: Notice, data: unknown, trimmed: Trimmed | undefined): string =>
  JSON.stringify({
    type,
    timestamp: time,
    ...(trimmed === undefined ? {} : { trimmed }),
    data,
    ...(excerpts === undefined ? {} : { excerpts }),
  })

const fits = (text: string): boolean => Buffer.byteLength(text) < LIMITS.delivery_body_bytes_max

/** The bytes sent for a notice; `timestamp` is when the reported act was done. */
export function webhookBody(notice: Notice): string {
  const { trimmed: before, data } = notice
  const whole = write(notice, data, before)
  if (fits(whole) || !notice.type.startsWith('finding.')) return whole
  const both = (trimmed: Trimmed | undefined): Trimmed | undefined =>
    trimmed === undefined
      ? before
      : {
          evidence: trimmed.evidence + (before?.evidence ?? 0),
          measures: trimmed.measures || before?.measures === true,
        }
  const { finding, trimmed } = trimFinding(data as Finding, (trial, left) => fits(write(notice, trial, both(left))))
  return write(notice, finding, both(trimmed))
}
