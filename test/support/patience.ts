/**
 * How long tests wait for what must come about. It is no claim about speed: a machine that does much else at the time may take
 * most of it, and a test that waits in vain takes all of it once and then fails. The tests themselves have twice as long.
 */
export const PATIENCE_MS = 60_000
