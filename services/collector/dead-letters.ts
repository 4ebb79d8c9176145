/** Writes what could not be processed to the topic `dead-letters`, before its request is answered. */
import { blankDeadLetter, type DeadLetter } from '../../schemas/dead-letter.ts'
import { H } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Log } from '../lib/log/port.ts'
import type { Rejected } from './formats/read-envelopes.ts'

/** The dead letter of a rejected record: the same id each time that it is sent. `origin`: its format, or its place in `raw`. */
export function deadLetterOf(tenant: string, origin: string, time: number, rejected: Rejected): DeadLetter {
  const { index, reason, detail, record } = rejected
  return {
    ...blankDeadLetter(),
    id: H('dead-letter', tenant, origin, reason, record),
    tenant,
    time,
    service: 'collector',
    origin,
    reason,
    detail: detail.slice(0, LIMITS.text_chars_max).toWellFormed(),
    index,
    record,
  }
}

/** Resolves when all are durable. Equal records of one request are one letter: it has one id. */
export async function writeDeadLetters(log: Log, given: readonly DeadLetter[]): Promise<void> {
  const letters = [...new Map(given.map((letter) => [letter.id, letter])).values()]
  for (let first = 0; first < letters.length; first += LIMITS.dead_letters_per_append_max) {
    const part = letters.slice(first, first + LIMITS.dead_letters_per_append_max)
    await log.append(
      'dead-letters',
      0,
      part.map((letter) => ({ key: null, value: Buffer.from(JSON.stringify(letter)) })),
    )
  }
}
