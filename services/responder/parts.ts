/**
 * The parts of the responder, wired together: what it remembers, and those who work on it. Nothing runs before they are
 * told to.
 */
import type { CommandOutcome } from '../../schemas/command.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import type { Incident } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { createPartitioning, type Partitioning } from '../lib/partitioning.ts'
import type { Turns } from '../lib/turns.ts'
import { type AuditEntry } from '../../schemas/audit.ts'
import { createAudit } from './audit.ts'
import { createActions } from './actions.ts'
import type { StopSwitch } from '../../schemas/stop.ts'
import { createCommandHandler } from './commands/index.ts'
import { createDeliveries } from './deliveries/index.ts'
import { createDigests, createSinkRates } from './digests.ts'
import { createDispatcher, type Dispatcher } from './dispatcher/index.ts'
import { createIncidents } from './incidents.ts'
import { createIntake } from './intake.ts'
import { createKnowledge } from './knowledge.ts'
import { createLetters } from './letters.ts'
import { createNotices } from './notices.ts'
import { createOutcomes } from './outcomes.ts'
import { createPositions } from './positions.ts'
import { createQuarantines } from './quarantines/index.ts'
import { createSinks, type SinkState } from './sink-states.ts'
import { createSections } from './sections.ts'
import { openSink } from './sinks/open.ts'
import { appendPatiently } from './state-writer.ts'
import { createStateStore, type LoadedRecord } from './store.ts'
import { createSuppressions } from './suppressions.ts'
import { systemTimers, type Timers } from './timers.ts'
import { createTokens } from './tokens.ts'
import type { KeptToken } from '../../schemas/token.ts'
import { createWords } from './words.ts'
import { type Resolve, systemResolve } from './sinks/lib/connector.ts'

/** What the responder uses of the service's configuration. */
export type ResponderConfiguration = Pick<
  ServiceConfiguration,
  'sinks' | 'policy' | 'detection' | 'layersOfTenants' | 'agents'
>

export interface ResponderOptions {
  /** Its topics exist. */
  readonly log: Log
  readonly config: ResponderConfiguration
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** Ids of the detectors that there are. */
  readonly detectors: readonly { readonly id: string }[]
  /** Default: the system's. */
  readonly timers?: Timers
  /** How names of sinks are resolved. Default: the system's resolver. */
  readonly resolve?: Resolve
  /** Of orders, too. Default: LIMITS.delivery_delays_ms, and LIMITS.order_delays_ms for orders. */
  readonly delaysMs?: readonly number[]
  /** Default: LIMITS.delivery_timeout_ms. */
  readonly timeoutMs?: number
  /** Identities known of a tenant, for the cap by share. Default: unknown, and the cap per hour holds alone. */
  readonly identityCount?: (tenant: string) => number | undefined
  /** Shared with other work of the process. Default: of its own. */
  readonly turns?: Turns
}

/** Whether it still works: a state that cannot be written ends it, and so does closing. */
function createLife(logger: Logger) {
  let failure: Error | undefined
  let closed = false
  return {
    failure: () => failure,
    isClosed: () => closed,
    isOver: () => failure !== undefined || closed,
    end: () => {
      closed = true
    },
    onFatal(error: Error): void {
      if (closed) return
      failure ??= error
      logger.error(
        { reason: error.message },
        'the responder cannot write its state and does nothing more: start it again',
      )
    },
  }
}

/** What it remembers. `created` hears of every new delivery. */
function createMemory(
  options: ResponderOptions,
  config: () => ResponderConfiguration,
  created: (delivery: Delivery) => void,
) {
  const { log, clock, logger, metrics, timers = systemTimers } = options
  const life = createLife(logger)
  const { isClosed } = life
  const tools = { log, logger, timers }
  const store = createStateStore({ ...tools, onFatal: life.onFatal })
  const sinks = createSinks(config().sinks, options.metrics.sinkStatus)
  const deliveries = createDeliveries(store, created)
  const notices = createNotices(sinks, deliveries, createSinkRates(deliveries))
  const append = async (topic: string, partition: number, value: Buffer): Promise<void> => {
    await appendPatiently(tools, topic, partition, [{ key: null, value }], isClosed)
  }
  return {
    life,
    store,
    sinks,
    deliveries,
    append,
    timers,
    switches: new Map<string, StopSwitch>(),
    tokens: createTokens(store),
    incidents: createIncidents(store),
    quarantines: createQuarantines({ store, sinks, deliveries, notices }),
    notices,
    digests: createDigests({ store, deliveries, sinks, notices }),
    outcomes: createOutcomes(store),
    audit: createAudit(),
    positions: createPositions(log, store, logger),
    sections: createSections({ ...tools, store, clock, isClosed }),
    suppressions: createSuppressions({ ...tools, store, clock, isClosed }),
    letters: createLetters({
      clock,
      metrics,
      append: (records) => appendPatiently(tools, 'dead-letters', 0, records, isClosed),
    }),
    policy: () => config().policy,
  }
}

type Memory = ReturnType<typeof createMemory>

function createSending(options: ResponderOptions, memory: Memory, partitioning: Partitioning): Dispatcher {
  const { log, clock, logger, metrics } = options
  const { store, notices, letters, life } = memory
  return createDispatcher({
    ...memory,
    clock,
    logger,
    metrics,
    delaysMs: options.delaysMs ?? LIMITS.delivery_delays_ms,
    orderDelaysMs: options.delaysMs ?? LIMITS.order_delays_ms,
    openSink: (sink) =>
      openSink(sink, {
        resolve: options.resolve ?? systemResolve,
        timeoutMs: options.timeoutMs ?? LIMITS.delivery_timeout_ms,
      }),
    withWords: createWords({ log, partitioning, clock }),
    deadLetter: (delivery, reason) => letters.undelivered(delivery, reason),
    async tellTrouble({ id, tenant, sink }, type, detail) {
      const tx = store.begin(tenant)
      const nowMs = clock.now()
      const data = { tenant, sink, delivery_id: id, detail }
      // The same delivery may meet the trouble again, after a person has opened the sink.
      notices.tell(tx, { type, subject: id, mark: nowMs, data }, nowMs, sink)
      await tx.commit()
    },
    onFatal: life.onFatal,
  })
}

/** Everything, wired together. */
export function createParts(options: ResponderOptions, config: () => ResponderConfiguration) {
  const { log, clock, logger, metrics } = options
  // The dispatcher needs the deliveries, which notify it of new ones.
  const late: { dispatcher?: Dispatcher } = {}
  const memory = createMemory(options, config, (delivery) => late.dispatcher?.enqueue(delivery))
  const partitioning = createPartitioning(log)
  const dispatcher = createSending(options, memory, partitioning)
  late.dispatcher = dispatcher
  const { life, store, switches } = memory
  const actions = createActions({
    ...memory,
    metrics,
    isStopped: (tenant) => switches.get(tenant)?.stopped === true,
    identityCount: options.identityCount ?? (() => undefined),
  })
  const detectorIds = new Set(options.detectors.map(({ id }) => id))
  const onCommand = createCommandHandler({
    ...memory,
    metrics,
    dispatcher,
    clock,
    logger,
    isDetector: (id) => detectorIds.has(id),
    hasFailed: life.isOver,
    async partitionOf(tenant, identity) {
      return (await partitioning.partitioner()).ofIdentity(tenant, identity, log.partitions('events'))
    },
    appendControl: (partition, value) => memory.append('events', partition, value),
  })
  const intake = createIntake({
    ...memory,
    log,
    logger,
    clock,
    metrics,
    onFinding: actions.onFinding,
    onCommand,
    hasFailed: life.isOver,
    ...(options.turns === undefined ? {} : { turns: options.turns }),
  })
  return {
    ...memory,
    knowledge: createKnowledge({ ...memory, log, clock, logger }),
    dispatcher,
    intake,
    failure: life.failure,
    close: () => {
      life.end()
      store.close()
    },
  }
}

export type Parts = ReturnType<typeof createParts>

/** Puts one record of the state back into the memory. */
export function restore(built: Parts, { address, body, place }: LoadedRecord): void {
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
    case 'leak-list':
      return built.sections.restore(kind, id, body as Parameters<typeof built.sections.restore>[2])
    case 'suppression':
      return built.suppressions.restore(tenant, id, body)
    case 'switch':
      built.switches.set(tenant, body as StopSwitch)
      return undefined
    case 'token':
      return built.tokens.restore(body as KeptToken)
    case 'audit':
      return built.audit.restore(body as AuditEntry)
    case 'command':
      return built.outcomes.restore(body as CommandOutcome)
    case 'position':
      return built.positions.restore(body)
    // Those who need the key read it from the log, where the first claim counts.
    case 'partitioning':
      return undefined
  }
}
