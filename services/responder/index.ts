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
import { createParts, type Parts, type ResponderConfiguration, type ResponderOptions, restore } from './parts.ts'
import { ensurePartitionKey } from './partition-key.ts'
import { tellSuppression } from './suppressions.ts'
import { createViews } from './views.ts'

export type { ResponderConfiguration, ResponderOptions } from './parts.ts'

export interface Responder {
  /** Rebuilds the memory, resumes what waits, and resolves when every partition holds the configuration. */
  start(): Promise<void>
  /** Ends what is in progress within a few seconds, and writes everything down. */
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
  /** The tokens that people made, for authentication. */
  readonly tokens: TokenSource
  /** Why it does not work any more, for /healthz; undefined while it does. */
  failure(): Error | undefined
}

const SECOND_MS = 1_000
const SWEEP_EVERY_S = 60
const CONFIGURATION_EVERY_S = 3_600
const STOP_GRACE_MS = 3_000

/** The responder as it runs. */
interface Running {
  readonly options: ResponderOptions
  readonly parts: Parts
  /** What is configured now; the parts read it here. */
  readonly settings: { config: ResponderConfiguration }
  /** The leak lists that were asked for last. */
  leaked: LeakLists | undefined
  started: boolean
  stopping: boolean
  ticking: { cancel(): void } | undefined
  sweeping: Promise<void>
}

/** What time ends or makes due, every second. */
async function expire({ options, parts }: Running, nowMs: number): Promise<void> {
  const { logger, metrics } = options
  const expired = await parts.quarantines.expire(nowMs)
  for (const q of expired)
    logger.info({ quarantine: q.id, tenant: q.tenant, reason: q.status_reason }, 'a quarantine has expired')
  await parts.suppressions.expire(nowMs, (tx, one) => {
    metrics.suppressions.inc({ act: 'expired' })
    const act = { type: 'suppression.ended', by: 'expiry', reason: 'expired' } as const
    tellSuppression(parts.notices, tx, one, act, nowMs)
  })
  await parts.tokens.expire(nowMs, (_tx, { tenant, id, name }) =>
    logger.info({ tenant, token: id, name }, 'a token has expired'),
  )
  await parts.digests.sweep(nowMs)
  metrics.suppressionsInForce.set(parts.suppressions.count())
}

/** Commits how far it has read, drops what is no longer kept, and gives up deliveries of sinks that are not configured any more. */
async function tidy({ parts }: Running, nowMs: number): Promise<void> {
  await Promise.all([
    parts.intake.commit(),
    parts.incidents.expire(nowMs),
    parts.deliveries.expire(nowMs),
    parts.quarantines.tidy(nowMs),
    parts.outcomes.expire(nowMs),
  ])
  await parts.dispatcher.sweep(nowMs)
}

async function sweep(running: Running, second: number): Promise<void> {
  const { parts, options } = running
  const nowMs = options.clock.now()
  await parts.positions.save()
  await expire(running, nowMs)
  if (second % SWEEP_EVERY_S === 0) await tidy(running, nowMs)
  if (second % CONFIGURATION_EVERY_S === 0) {
    await parts.sections.maintain()
    await parts.suppressions.maintain()
  }
}

function tick(running: Running, second: number): void {
  const { logger } = running.options
  running.ticking = running.parts.timers.after(SECOND_MS, () => {
    running.sweeping = sweep(running, second)
      .catch((error: Error) => logger.error({ reason: error.message }, 'the responder could not tidy up'))
      .finally(() => {
        if (!running.stopping) tick(running, second + 1)
      })
  })
}

async function useLeakLists(running: Running, lists: LeakLists): Promise<void> {
  running.leaked = lists
  if (!running.started || running.stopping) return
  const { logger } = running.options
  try {
    await running.parts.knowledge.useLeakLists(lists)
  } catch (error) {
    logger.error({ reason: (error as Error).message }, 'the leak lists could not be put in force; the old ones stay')
  }
}

async function start(running: Running): Promise<void> {
  const { parts } = running
  const { log, logger, clock } = running.options
  const { store, dispatcher } = parts
  const { records, contents } = await store.load()
  for (const record of records) restore(parts, record)
  // Before the first record of `events`, which others take as the sign that it is decided.
  await ensurePartitionKey({ log, store, logger })
  // Before the configuration: what an older version carried in it must hold without a gap.
  await parts.suppressions.complete(clock.now())
  await parts.sections.complete(contents)
  await parts.sinks.publish(store, clock.now())
  await dispatcher.resendAll()
  for (const delivery of parts.deliveries.pending()) dispatcher.enqueue(delivery)
  await parts.intake.start()
  tick(running, 1)
  const { detection, layersOfTenants, agents } = running.settings.config
  await parts.knowledge.useAgents(agents)
  await parts.knowledge.useSettings(detection, layersOfTenants)
  running.started = true
  // Nothing waits for it: it takes minutes at worst, and what was in force before remains so.
  if (running.leaked !== undefined) void useLeakLists(running, running.leaked)
}

async function stop(running: Running): Promise<void> {
  const { knowledge, timers, intake, dispatcher, positions, store, close } = running.parts
  running.stopping = true
  running.ticking?.cancel()
  knowledge.stop()
  // A log that takes nothing must not hold up the end: what it has not taken is done again after the start.
  const giveUp = timers.after(2 * STOP_GRACE_MS, close)
  await intake.stop()
  await running.sweeping
  await dispatcher.stop(STOP_GRACE_MS)
  const { logger } = running.options
  // Where the log takes it no more, records are read again, which changes nothing.
  await positions.save().catch((error: Error) => logger.warn({ reason: error.message }, 'positions were not saved'))
  await store.flush()
  giveUp.cancel()
  close()
}

async function reconfigure(running: Running, next: ResponderConfiguration): Promise<void> {
  const { sinks, store, dispatcher, knowledge } = running.parts
  running.settings.config = next
  sinks.configure(next.sinks)
  await sinks.publish(store, running.options.clock.now())
  await dispatcher.reconfigure()
  await knowledge.useAgents(next.agents)
  await knowledge.useSettings(next.detection, next.layersOfTenants)
}

/** Makes the responder; nothing runs before `start`. */
export function createResponder(options: ResponderOptions): Responder {
  const settings = { config: options.config }
  const running: Running = {
    options,
    parts: createParts(options, () => settings.config),
    settings,
    leaked: undefined,
    started: false,
    stopping: false,
    ticking: undefined,
    sweeping: Promise.resolve(),
  }
  const { parts } = running
  return {
    views: createViews(parts),
    tokens: parts.tokens,
    configurationReady: parts.knowledge.isReady,
    failure: parts.failure,
    start: () => start(running),
    useLeakLists: (lists) => useLeakLists(running, lists),
    stop: () => stop(running),
    reconfigure: (next) => reconfigure(running, next),
  }
}
