/**
 * The responder: turns findings and commands into incidents, webhooks and quarantines, and brings configuration into the
 * log. It alone writes `state`, and its memory is rebuilt from there. It needs the log and nothing else: agents can be
 * stopped while the warehouse is away.
 *
 * One responder is active at a time. A second one that still writes can only add lower sequences, which nobody reads.
 */
import { commandId, encodeCommand } from '../../schemas/command.ts'
import { configurationHash } from '../../schemas/configuration.ts'
import type { Suppression } from '../../schemas/configuration.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import { actionId, partitionOf } from '../../schemas/ids.ts'
import type { Incident } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import { createActions } from './actions.ts'
import { createCommandHandler, type StopSwitch } from './commands.ts'
import { createConfigurationRollouts, type Rollout } from './configuration.ts'
import { createDeliveries } from './deliveries.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import { createIncidents } from './incidents.ts'
import { createIntake } from './intake.ts'
import { createLetters } from './letters.ts'
import { createPositions } from './positions.ts'
import { createQuarantines } from './quarantines.ts'
import { createSinks, type SinkState } from './sinks.ts'
import { appendPatiently, createStateStore, type LoadedRecord } from './store.ts'
import { systemTimers, type Timers } from './timers.ts'
import { createViews } from './views.ts'
import { type Resolve, systemResolve } from './webhook/connector.ts'
import { payload } from './webhook/payload.ts'
import { createWebhookSender } from './webhook/sender.ts'

/** What the responder uses of the service's configuration. */
export type ResponderConfiguration = Pick<ServiceConfiguration, 'sinks' | 'policy' | 'detection'>

export interface ResponderOptions {
  /** Its topics exist. */
  readonly log: Log
  readonly config: ResponderConfiguration
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** Default: the system's. */
  readonly timers?: Timers
  /** How names of sinks are resolved. Default: the system's resolver. */
  readonly resolve?: Resolve
  /** Default: LIMITS.delivery_delays_ms. */
  readonly delaysMs?: readonly number[]
  /** Default: LIMITS.delivery_timeout_ms. */
  readonly timeoutMs?: number
  /** Identities known of a tenant, for the cap by share. Default: unknown, and the cap per hour holds alone. */
  readonly identityCount?: (tenant: string) => number | undefined
}

export interface Responder {
  /** Rebuilds the memory, takes up what waits, and resolves when every partition holds the configuration. */
  start(): Promise<void>
  /** Ends what is under way within a few seconds, writes everything down. */
  stop(): Promise<void>
  /** Whether every partition of `events` and `signals` holds the configuration of the file. */
  configurationReady(): boolean
  /** Puts another configuration in force: sinks and policy at once, detection through the log. */
  reconfigure(config: ResponderConfiguration): Promise<void>
  readonly views: ResponderViews
  /** Why it does not work any more, for /healthz; undefined while it does. */
  failure(): Error | undefined
}

const SECOND_MS = 1_000
const SWEEP_EVERY_S = 60
const CONFIGURATION_EVERY_S = 3_600
const STOP_GRACE_MS = 3_000

/** Everything that has memory, wired together. */
function build(options: ResponderOptions, config: () => ResponderConfiguration) {
  const { log, clock, logger, metrics, timers = systemTimers } = options
  let failure: Error | undefined
  let closed = false
  const isClosed = (): boolean => closed
  const tools = { log, logger, timers }
  const onFatal = (error: Error): void => {
    if (closed) return
    failure ??= error
    logger.error(
      { reason: error.message },
      'the responder cannot write its state and does nothing more: start it again',
    )
  }
  const store = createStateStore({ ...tools, onFatal })
  const sinks = createSinks(config().sinks)
  const switches = new Map<string, StopSwitch>()
  const incidents = createIncidents(store)
  // The dispatcher needs the deliveries, which tell it of new ones.
  const late: { dispatcher?: Dispatcher } = {}
  const deliveries = createDeliveries(store, (delivery) => late.dispatcher?.enqueue(delivery))
  const quarantines = createQuarantines({ store, sinks, deliveries })
  const positions = createPositions(log, store, logger)
  const rollouts = createConfigurationRollouts({ ...tools, store, clock, isClosed })
  const policy = () => config().policy
  const append = async (topic: string, partition: number, value: Buffer): Promise<void> => {
    await appendPatiently(tools, topic, partition, [{ key: null, value }], isClosed)
  }
  const letters = createLetters({ clock, metrics, append: (value) => append('dead-letters', 0, value) })
  const tellTrouble = async (
    delivery: Delivery,
    type: 'sink.disabled' | 'sink.failing',
    detail: string,
  ): Promise<void> => {
    const tx = store.begin(delivery.tenant)
    const time = new Date(clock.now()).toISOString()
    const text = payload(type, time, { tenant: delivery.tenant, sink: delivery.sink, delivery_id: delivery.id, detail })
    const others = sinks.receiving(delivery.tenant, type).filter((sink) => sink.name !== delivery.sink)
    const id = actionId(delivery.id, type)
    deliveries.create(tx, { type, actionId: id, subject: delivery.id, text }, others, clock.now())
    await tx.commit()
  }
  const dispatcher = createDispatcher({
    store,
    deliveries,
    sinks,
    quarantines,
    clock,
    timers,
    logger,
    metrics,
    delaysMs: options.delaysMs ?? LIMITS.delivery_delays_ms,
    createSender: (sink) =>
      createWebhookSender(sink, {
        resolve: options.resolve ?? systemResolve,
        timeoutMs: options.timeoutMs ?? LIMITS.delivery_timeout_ms,
      }),
    deadLetter: (delivery, reason) => letters.undelivered(delivery, reason),
    tellTrouble,
    onFatal,
  })
  late.dispatcher = dispatcher
  const shared = { store, sinks, deliveries, incidents, quarantines, metrics, policy }
  const actions = createActions({
    ...shared,
    isStopped: (tenant) => switches.get(tenant)?.stopped === true,
    identityCount: options.identityCount ?? (() => undefined),
  })
  const onCommand = createCommandHandler({
    ...shared,
    rollouts,
    dispatcher,
    logger,
    switches,
    eventPartitions: () => log.partitions('events'),
    appendControl: (partition, value) => append('events', partition, value),
  })
  const intake = createIntake({
    ...tools,
    clock,
    metrics,
    letters,
    positions,
    onFinding: actions.onFinding,
    onCommand,
    hasFailed: () => failure !== undefined,
  })
  return {
    store,
    sinks,
    switches,
    incidents,
    deliveries,
    quarantines,
    positions,
    rollouts,
    dispatcher,
    intake,
    append,
    timers,
    failure: () => failure,
    close: () => {
      closed = true
      store.close()
    },
  }
}

type Built = ReturnType<typeof build>

function restore(built: Built, { address, body, place }: LoadedRecord): void {
  const { kind, tenant, id } = address
  switch (kind) {
    case 'incident':
      return built.incidents.restore(body as Incident)
    case 'quarantine':
      return built.quarantines.restore(body as Quarantine)
    case 'delivery':
      return built.deliveries.restore(body as Delivery)
    case 'payload':
      return built.deliveries.restorePayload(tenant, id, place)
    case 'sink':
      return built.sinks.restore(body as SinkState)
    case 'rollout':
      return built.rollouts.restore(body as Rollout)
    case 'suppression':
      return built.rollouts.restoreSuppression(tenant, id, body as Suppression)
    case 'switch':
      built.switches.set(tenant, body as StopSwitch)
      return undefined
    case 'position':
      return built.positions.restore(body)
  }
}

/** Makes the responder; nothing runs before `start`. */
export function createResponder(options: ResponderOptions): Responder {
  const { log, clock, logger } = options
  let config = options.config
  const built = build(options, () => config)
  const { store, rollouts, dispatcher, intake, positions, timers } = built
  let stopping = false
  let ticking: { cancel(): void } | undefined
  let sweeping: Promise<void> = Promise.resolve()
  let awaited: (() => void)[] = []

  const wantedHash = (): string => configurationHash(config.detection)
  const configurationReady = (): boolean => rollouts.readiness().ok && rollouts.baseHash() === wantedHash()

  /** Asks for the file's configuration through the log, unless it holds already. */
  const askForConfiguration = async (): Promise<void> => {
    const hash = wantedHash()
    if (rollouts.baseHash() === hash) return
    const time = new Date(clock.now()).toISOString()
    const command = {
      type: 'configuration',
      id: commandId('', 'configuration', `${hash} ${time}`),
      tenant: '',
      by: 'configuration file',
      time,
      configuration: config.detection,
    } as const
    await built.append('commands', partitionOf('', log.partitions('commands')), encodeCommand(command))
    await new Promise<void>((resolve) => {
      awaited.push(resolve)
      tellAwaited()
    })
  }
  const tellAwaited = (): void => {
    if (!configurationReady() && !stopping) return
    const told = awaited
    awaited = []
    for (const resolve of told) resolve()
  }
  rollouts.onSettled(tellAwaited)

  const sweep = async (second: number): Promise<void> => {
    const nowMs = clock.now()
    await positions.save()
    const expired = await built.quarantines.expire(nowMs)
    for (const q of expired)
      logger.info({ quarantine: q.id, tenant: q.tenant, reason: q.status_reason }, 'a quarantine has expired')
    if (second % SWEEP_EVERY_S === 0) {
      await Promise.all([
        intake.commit(),
        built.incidents.expire(nowMs),
        built.deliveries.expire(nowMs),
        built.quarantines.tidy(nowMs),
      ])
      await dispatcher.sweep(nowMs)
    }
    if (second % CONFIGURATION_EVERY_S === 0) await rollouts.maintain(nowMs)
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
    configurationReady,
    failure: built.failure,
    async start() {
      const { records, contents } = await store.load()
      for (const record of records) restore(built, record)
      await rollouts.complete(contents)
      for (const delivery of built.deliveries.pending()) dispatcher.enqueue(delivery)
      await intake.start()
      tick(1)
      await askForConfiguration()
    },
    async stop() {
      stopping = true
      ticking?.cancel()
      tellAwaited()
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
      await dispatcher.reconfigure()
      await askForConfiguration()
    },
  }
}
