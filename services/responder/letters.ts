/** Dead letters of the responder: what it could not read, and deliveries that it has given up. */
import { type DeadLetter, deadLetterOf } from '../../schemas/dead-letter.ts'
import type { Command } from '../../schemas/command.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import type { Finding } from '../../schemas/finding.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
import { appendLetters } from '../lib/log/letters.ts'
import type { RecordInput } from '../lib/log/port.ts'
import type { Metrics } from '../lib/metrics.ts'

export interface LetterDeps {
  readonly clock: Clock
  readonly metrics: Metrics
  /** Appends to `dead-letters`; durable when it resolves. */
  append(records: readonly RecordInput[]): Promise<unknown>
}

export interface Letters {
  /** `origin` is topic/partition/offset. */
  unreadable(origin: string, reason: 'malformed' | 'invalid', detail: string, value: Buffer): Promise<void>
  undelivered(delivery: Delivery, reason: string): Promise<void>
  /** A command that could not be carried out. */
  unappliable(command: Command, detail: string): Promise<void>
  /** A finding that could not be acted on; it remains in the findings. */
  unacted(finding: Finding, detail: string): Promise<void>
}

/** Makes the writer of dead letters. Their ids are hashes of what they say, so a repeat is recognised. */
export function createLetters({ clock, metrics, append }: LetterDeps): Letters {
  const write = async (
    given: Pick<DeadLetter, 'tenant' | 'origin' | 'reason' | 'detail' | 'record'>,
  ): Promise<void> => {
    metrics.deadLetters.inc({ service: 'responder', reason: given.reason })
    const letter = deadLetterOf({ ...given, time: clock.now(), service: 'responder' })
    await appendLetters([letter], append)
  }
  return {
    unreadable: (origin, reason, detail, value) =>
      write({
        tenant: '',
        origin,
        reason,
        detail,
        record: value.toString('utf8', 0, LIMITS.dead_letter_record_chars_max),
      }),
    undelivered: ({ id, tenant, sink, type, subject, action_id: action }, reason) =>
      write({
        tenant,
        origin: `delivery/${id}`,
        reason: 'refused',
        detail: `${type} to the sink ${sink} was given up: ${reason}. Replay it by command.`,
        record: JSON.stringify({ delivery_id: id, sink, type, subject, action_id: action }),
      }),
    unappliable: (command, detail) =>
      write({
        tenant: command.tenant,
        origin: `command/${command.id}`,
        reason: 'poison',
        detail,
        record: JSON.stringify(command),
      }),
    unacted: (finding, detail) =>
      write({
        tenant: finding.tenant,
        origin: `finding/${finding.id}`,
        reason: 'poison',
        detail,
        record: JSON.stringify(finding),
      }),
  }
}
