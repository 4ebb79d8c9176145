/** How long tests wait, and for what: never for a time to pass. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How long tests wait for what must come about. It is no claim about speed: a machine that does much else at the time may take
 * most of it, and a test that waits in vain takes all of it once and then fails. The tests themselves have twice as long.
 */
export const PATIENCE_MS = 60_000

/**
 * Asks for a number until it is at least `enough`, however long that takes while it changes; answers the last one where it has not
 * changed for `msMax`. Undefined is no answer yet.
 */
export async function untilEnough(
  ask: () => Promise<number | undefined>,
  enough: number,
  msMax = PATIENCE_MS,
): Promise<number> {
  let last = -1
  let deadline = Date.now() + msMax
  for (;;) {
    const now = (await ask()) ?? last
    if (now >= enough) return now
    if (now !== last) [last, deadline] = [now, Date.now() + msMax]
    if (Date.now() > deadline) return last
    await sleep(200)
  }
}
