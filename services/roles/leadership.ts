/**
 * One leader among processes that do the same: the one that holds the only partition of `dead-letters` in a separate
 * group leads, the others stand by. The log's groups ensure that somebody leads, and that the lead passes on when the
 * leader leaves or falls silent. The records of the partition are irrelevant here.
 *
 * A leader that was cut off may act a moment longer than it leads. It does what the next one would do: its ids are the
 * same, and its state has no higher sequence.
 */
import type { Log } from '../lib/log/port.ts'
import { createSteadyConsumer } from '../lib/log/steady-consumer.ts'
import type { Logger } from '../lib/logger.ts'

/** A time of leading, from its begin to its end. */
export interface Term {
  /** Ends it; resolves when nothing more is done in it. */
  stop(): Promise<void>
}

export interface Leadership {
  /** Starts standing by. Throws LogError if the log cannot be read. */
  start(): Promise<void>
  stop(): Promise<void>
  leads(): boolean
}

export interface LeadershipOptions {
  readonly log: Log
  readonly logger: Logger
  readonly group: string
  /** Called when this process leads from now on. */
  lead(): Term
}

const TOPIC = 'dead-letters'

export function createLeadership({ log, logger, group, lead }: LeadershipOptions): Leadership {
  let term: Term | undefined

  async function endTerm(): Promise<void> {
    const ending = term
    term = undefined
    if (ending === undefined) return
    await ending.stop()
    logger.info({ group }, 'this process does not lead any more')
  }

  const consumer = createSteadyConsumer({
    log,
    logger,
    what: 'standing by',
    group,
    topics: [TOPIC],
    handler: () => ({
      async start() {
        // A term may only begin when the one before has ended here.
        await endTerm()
        logger.info({ group }, 'this process leads')
        term = lead()
        return 'latest'
      },
      process: async () => undefined,
      stop: endTerm,
    }),
    onEnded: endTerm,
  })

  return {
    start: consumer.start,
    async stop() {
      await consumer.stop()
      await endTerm()
    },
    leads: () => term !== undefined,
  }
}
