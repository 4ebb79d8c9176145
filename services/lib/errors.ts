/**
 * What a command reports if it was given something it cannot use, and the exit codes of all commands:
 *
 *   0  done, whatever was found
 *   1  what was checked does not hold (`prove` found a difference)
 *   2  wrong usage, or input that cannot be read
 *   70 a fault of moltwatch itself
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, fault: 70 } as const

/** Wrong usage or unreadable input: the message says what was wrong, where, and what to do. No stack is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
