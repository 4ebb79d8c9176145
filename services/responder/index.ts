/**
 * The responder: turns findings and commands into incidents, webhooks and quarantines, and brings configuration into the
 * log. It alone writes `state`, and its memory is rebuilt from there. It needs the log and nothing else: agents can be
 * stopped while the warehouse is away.
 *
 * One responder is active at a time. A second one that still writes can only add lower sequences, which nobody reads.
 */
import type { TokenSource } from '../lib/made-tokens.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import type { LeakLists } from './knowledge.ts'
import { createParts, type ResponderConfiguration, type ResponderOptions, restore } from './parts.ts'
import { ensurePartitionKey } from './partition-key.ts'
import { tellSuppression } from './suppressions.ts'
import { createViews } from './views.ts'

export type { ResponderConfiguration, ResponderOptions } from './parts.ts'

export interface Responder {
  /** Rebuilds the memory, takes up what waits, and resolves when every partition holds the configuration. */
  start(): Promise<void>
  /** Ends what is under way within a few seconds, writes everything down. */
  stop(): Promise<void>
  /** Whether every partition of `events` and `signals` holds the configuration of the file. */
  configurationReady(): boolean
  /** Puts another configuration in force: sinks and policy at once, detection through the log. */
  reconfigure(config: ResponderConfiguration): Promise<void>
  /**
   * Puts each tenant's leak list in force, through the log; see knowledge.ts. Resolves when every partition holds them. Before
   * `start` it only notes them.
   */
  useLeakLists(lists: LeakLists): Promise<void>
  readonly views: ResponderViews
  /** The tokens that people made, for those who ask who is asking. */
  readonly tokens: TokenSource
  /** Why it does not work any more, for /healthz; undefined while it does. */
  failure(): Error | undefined
}

const SECOND_MS = 1_000
const SWEEP_EVERY_S = 60
const CONFIGURATION_EVERY_S = 3_600
const STOP_GRACE_MS = 3_000

/** Makes the responder; nothing runs before `start`. */
export function createResponder(options: ResponderOptions): Responder {
  const { log, clock, logger } = options
  let config = options.config
  const built = createParts(options, () => config)
  const { store, sections, knowledge, dispatcher, intake, positions, timers } = built
  let started = false
  let leaked: LeakLists | undefined
  let stopping = false
  let ticking: { cancel(): void } | undefined
  let sweeping: Promise<void> = Promise.resolve()

  const sweep = async (second: number): Promise<void> => {
    const nowMs = clock.now()
    await positions.save()
    const expired = await built.quarantines.expire(nowMs)
    for (const q of expired)
      logger.info({ quarantine: q.id, tenant: q.tenant, reason: q.status_reason }, 'a quarantine has expired')
    await built.suppressions.expire(nowMs, (tx, one) => {
      options.metrics.suppressions.inc({ act: 'expired' })
      const act = { type: 'suppression.ended', by: 'expiry', reason: 'its time has run out' } as const
      tellSuppression(built.notices, tx, one, act, nowMs)
    })
    await built.tokens.expire(nowMs, (_tx, { tenant, id, name }) =>
      logger.info({ tenant, token: id, name }, 'a token has expired'),
    )
    await built.digests.sweep(nowMs)
    options.metrics.suppressionsInForce.set(built.suppressions.count())
    if (second % SWEEP_EVERY_S === 0) {
      await Promise.all([
        intake.commit(),
        built.incidents.expire(nowMs),
        built.deliveries.expire(nowMs),
        built.quarantines.tidy(nowMs),
        built.outcomes.expire(nowMs),
      ])
      await dispatcher.sweep(nowMs)
    }
    if (second % CONFIGURATION_EVERY_S === 0) {
      await sections.maintain()
      await built.suppressions.maintain()
    }
  }
  const useLeakLists = async (lists: LeakLists): Promise<void> => {
    leaked = lists
    if (!started || stopping) return
    try {
      await knowledge.useLeakLists(lists)
    } catch (error) {
      logger.error({ reason: (error as Error).message }, 'the leak lists could not be put in force; the old ones stay')
    }
  }
  const tick = (second: number): void => {
    ticking = timers.after(SECOND_MS, () => {
      sweeping = sweep(second)
        .catch((error: Error) => logger.error({ reason: error.message }, 'the responder could not tidy up'))
        .finally(() => {
          if (!stopping) tick(second + 1)
        })
    })
  }

  return {
    views: createViews(built),
    tokens: built.tokens,
    configurationReady: knowledge.isReady,
    failure: built.failure,
    async start() {
      const { records, contents } = await store.load()
      for (const record of records) restore(built, record)
      // Before the first record of `events`, which others take as the sign that it is decided.
      await ensurePartitionKey({ log, store, logger })
      // Before the configuration: what an older version carried in it must hold without a gap.
      await built.suppressions.complete(clock.now())
      await sections.complete(contents)
      await built.sinks.publish(store, clock.now())
      await dispatcher.resendAll()
      for (const delivery of built.deliveries.pending()) dispatcher.enqueue(delivery)
      await intake.start()
      tick(1)
      await knowledge.useSettings(config.detection, config.layersOfTenants)
      started = true
      // Nothing waits for it: it is a matter of minutes in the worst case, and what was in force before is in force still.
      if (leaked !== undefined) void useLeakLists(leaked)
    },
    useLeakLists,
    async stop() {
      stopping = true
      ticking?.cancel()
      knowledge.stop()
      // A log that takes nothing must not hold up the end: what it has not taken is done again after the start.
      const giveUp = timers.after(2 * STOP_GRACE_MS, built.close)
      await intake.stop()
      await sweeping
      await dispatcher.stop(STOP_GRACE_MS)
      // Where the log takes it no more, records are read again, which changes nothing.
      await positions.save().catch((error: Error) => logger.warn({ reason: error.message }, 'positions were not saved'))
      await store.flush()
      giveUp.cancel()
      built.close()
    },
    async reconfigure(next) {
      config = next
      built.sinks.configure(next.sinks)
      await built.sinks.publish(store, clock.now())
      await dispatcher.reconfigure()
      await knowledge.useSettings(next.detection, next.layersOfTenants)
    },
  }
}
