/**
 * Trials while clients deliver, side by side: at a quarter of the records what they deliver to is killed, at a half it takes nothing
 * for a while, at three quarters it is killed again. What is ahead waits, so that each client goes through every trial.
 */
/** Who makes the trials, of a service or of what stands behind a topic. */
export interface Hand<T> {
  kill(): Promise<void>
  /** Nothing is taken for a while. */
  stall(): Promise<void>
  /** What was done so far. */
  readonly told: readonly string[]
  /** What the clients deliver to, once it is there again. */
  service(): Promise<T>
  close(): Promise<void>
}

export interface Trials<T> {
  /** What a client tells how many records have been handed to it; resolves when more may follow. */
  handing(client: string): (count: number) => Promise<void>
  /** This client hands over nothing more. */
  finish(client: string): void
  /** What the clients deliver to, once it is there again and takes everything. */
  service(): Promise<T>
  /** What has happened so far. */
  told(): string
  /** Ends it, whatever came of the trials. */
  close(): Promise<void>
}

/** Trials while each of the named clients delivers `count` records. `handOf` is given whether all have handed over a share. */
export function createTrials<T>(
  handOf: (isPast: (share: number) => boolean) => Hand<T>,
  clients: readonly string[],
  count: number,
): Trials<T> {
  const handed = new Map(clients.map((name) => [name, 0]))
  const isPast = (share: number): boolean => Math.min(...handed.values()) >= count * share
  const hand = handOf(isPast)
  const acts = [
    { from: 1 / 4, act: hand.kill },
    { from: 1 / 2, act: hand.stall },
    { from: 3 / 4, act: hand.kill },
  ]
  let failed: Promise<void> = Promise.resolve()
  let gate = Promise.withResolvers<void>()

  /** Lets the next act come where all have come so far, and those go on who waited for it. */
  function advance(): void {
    while (acts[0] !== undefined && isPast(acts[0].from)) {
      const { act } = acts.shift()!
      failed = failed.then(act)
      failed.catch(() => undefined)
      gate.resolve()
      gate = Promise.withResolvers<void>()
    }
  }

  return {
    handing: (client) => async (sent) => {
      handed.set(client, sent)
      advance()
      while (acts[0] !== undefined && sent >= count * acts[0].from) await gate.promise
    },
    finish(client) {
      handed.set(client, Infinity)
      advance()
    },
    async service() {
      await failed
      return hand.service()
    },
    told: () => hand.told.join(', '),
    async close() {
      await failed.catch(() => undefined)
      await hand.close()
    },
  }
}
