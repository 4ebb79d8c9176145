/** Writes what could not be processed to the topic `dead-letters`, before its request is answered. */
import { blankDeadLetter, type DeadLetter } from '../../schemas/dead-letter.ts'
import { H } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Log } from '../lib/log/port.ts'
import type { Rejected } from './formats/read-envelopes.ts'

/** Whose a record is: `sender` is the name of its token, `origin` its format or its place in `raw`; `time` in ms since 1970. */
export interface Posted {
  readonly tenant: string
  readonly sender: string
  readonly origin: string
  readonly time: number
}

/** The dead letter of a rejected record: the same id each time that the same sender sends it. */
export function deadLetterOf({ tenant, sender, origin, time }: Posted, rejected: Rejected): DeadLetter {
  const { index, reason, detail, record } = rejected
  return {
    ...blankDeadLetter(),
    id: H('dead-letter', tenant, sender, origin, reason, record),
    tenant,
    time,
    sender,
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
