/** Finds dead letters in the log, so that they can be sent again while the warehouse is away. */
import { type DeadLetter, readDeadLetter } from '../../../schemas/dead-letter.ts'
import type { Log } from '../../lib/log/port.ts'
import { COLLECTOR_LIMITS } from '../limits.ts'

/** Which letters; all that is named must hold. */
export interface Wanted {
  readonly ids?: readonly string[]
  readonly reason?: string
  readonly origin?: string
  /** When it was given up, ms since 1970. */
  readonly since?: number
  readonly until?: number
  readonly limit: number
}

function parsed(value: Buffer): DeadLetter | undefined {
  try {
    return readDeadLetter(JSON.parse(value.toString('utf8')))
  } catch {
    return undefined
  }
}

const isWanted = (letter: DeadLetter, tenant: string, wanted: Wanted, ids: ReadonlySet<string> | undefined): boolean =>
  letter.tenant === tenant &&
  (ids === undefined || ids.has(letter.id)) &&
  (wanted.reason === undefined || letter.reason === wanted.reason) &&
  (wanted.origin === undefined || letter.origin === wanted.origin) &&
  (wanted.since === undefined || letter.time >= wanted.since) &&
  (wanted.until === undefined || letter.time < wanted.until)

/**
 * The letters of a tenant among the newest, each once, the oldest first. `more`: there are some beyond the limit. Throws
 * LogError.
 */
export async function findDeadLetters(
  log: Log,
  tenant: string,
  wanted: Wanted,
): Promise<{ readonly letters: readonly DeadLetter[]; readonly more: boolean }> {
  const ids = wanted.ids === undefined ? undefined : new Set(wanted.ids)
  const { start, end } = await log.bounds('dead-letters', 0)
  const found = new Map<string, DeadLetter>()
  const from = Math.max(start, end - COLLECTOR_LIMITS.resend_letters_searched_max)
  for await (const { value } of log.read('dead-letters', 0, from)) {
    const letter = value === null ? undefined : parsed(value)
    if (letter === undefined || !isWanted(letter, tenant, wanted, ids)) continue
    if (!found.has(letter.id) && found.size >= wanted.limit) return { letters: [...found.values()], more: true }
    found.set(letter.id, letter)
  }
  return { letters: [...found.values()], more: false }
}
