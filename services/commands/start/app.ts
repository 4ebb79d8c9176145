/**
 * The whole service in one process, built from its parts: embedded log, warehouse, responder, detectors, archiver and two
 * HTTP ports. It reads no environment and prints nothing; `start.ts` does.
 *
 * Order matters twice. Starting: the responder writes the configuration into the log before anything reads it. Stopping:
 * the doors close first, then those who write to the log, then the log.
 */
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { Detector } from '../../../detectors/detector.ts'
import { createApi, type Readiness } from '../../api/index.ts'
import { type Archiver, createArchiver } from '../../archiver/index.ts'
import { openDoor } from '../backup/door.ts'
import { type Collector, createCollector } from '../../collector/index.ts'
import { createOpenedInputs, type OpenedInputs } from '../../collector/opened/index.ts'
import { createPreparer, type Preparer } from '../../collector/preparing/index.ts'
import { createDetectorService, type DetectorService } from '../../detector/index.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Content } from '../../../schemas/excerpt.ts'
import type { Clock } from '../../lib/clock.ts'
import { createCommandSender } from '../../lib/command-sender.ts'
import { createFindingFeed } from '../../lib/finding-feed.ts'
import type { ServiceConfiguration } from '../../lib/config.ts'
import { createLiveTokens } from '../../lib/live-tokens.ts'
import type { Log } from '../../lib/log/port.ts'
import { withMadeTokens } from '../../lib/made-tokens.ts'
import { createSqliteLog } from '../../lib/log/sqlite/index.ts'
import type { Logger } from '../../lib/logger.ts'
import { createMetrics } from '../../lib/metrics.ts'
import type { Secrets } from '../../lib/secrets.ts'
import { openWarehouse, type WarehouseTools } from '../../lib/warehouse/index.ts'
import type { Warehouse } from '../../lib/warehouse/port.ts'
import { wholeOnly } from '../../lib/warehouse/whole.ts'
import { createResponder, type Responder } from '../../responder/index.ts'
import { logReasons, replaceTokens, tokensOf, topicsOf } from '../lib/parts.ts'
import { listen, type Ports, type PortsPlan } from './ports.ts'

export interface AppOptions extends PortsPlan {
  /** Data directory; made where it is missing. */
  readonly data: string
  readonly config: ServiceConfiguration
  readonly secrets: Secrets
  readonly detectors: readonly Detector[]
  readonly codeVersion: string
  /** Whether words are kept where the configuration says nothing. */
  readonly content: Content
  readonly acceptGaps?: true
  readonly rebuildWarehouse?: true
  readonly clock: Clock
  readonly logger: Logger
}

export interface App {
  readonly ports: Ports
  /** Resolves when a part can do nothing more in this process. */
  readonly failed: Promise<Error>
  /** Takes a changed configuration file: what detectors depend on goes through the log, the rest holds at once. */
  reconfigure(config: ServiceConfiguration): Promise<void>
  /** Answers what is in progress, writes snapshots, closes everything. */
  stop(): Promise<void>
}

interface Parts {
  readonly log: Log
  readonly warehouse: Warehouse
  readonly responder: Responder
  readonly detectors: DetectorService
  readonly archiver: Archiver
  readonly preparer: Preparer
  readonly inputs: OpenedInputs
}

interface OpenedLog {
  readonly log: Log
  /** Puts a changed retention in force: what is no longer kept goes at once, and the space with it. */
  keep(retention: ServiceConfiguration): Promise<void>
}

/** How much the log may hold: what the file says, or its share of the disk that it lies on. */
function bytesMaxOf({ retention }: ServiceConfiguration, data: string): number {
  if (retention.log_bytes_max !== undefined) return retention.log_bytes_max
  const { blocks, bsize } = statfsSync(data)
  return Math.max(LIMITS.log_bytes_max_min, Math.floor(blocks * bsize * retention.log_disk_share))
}

async function openLog({ data, config, clock, logger }: AppOptions): Promise<OpenedLog> {
  let current = config
  const log = await createSqliteLog({
    directory: join(data, 'log'),
    clock,
    logger,
    retentionBytesMax: () => bytesMaxOf(current, data),
  })
  await log.ensureTopics(topicsOf(config))
  return {
    log,
    async keep(changed) {
      const isSame = JSON.stringify(changed.retention) === JSON.stringify(current.retention)
      current = changed
      if (isSame) return
      await log.ensureTopics(topicsOf(changed))
      const { log_days: days } = changed.retention
      logger.info(
        { log_days: days, log_bytes_max: bytesMaxOf(changed, data) },
        'the log keeps as long as the file says now',
      )
      await log.maintain()
    },
  }
}

/** Says what is still missing, in the words of /readyz. */
async function readinessOf({ log, responder }: Pick<Parts, 'log' | 'responder'>): Promise<Readiness> {
  const reasons = [
    ...(await logReasons(log)),
    ...(responder.configurationReady() ? [] : ['the configuration is not in every partition yet']),
  ]
  return { ready: reasons.length === 0, reasons }
}

async function stopAll(collector: Collector, ports: Ports | undefined, parts: Parts): Promise<void> {
  await parts.inputs.stop()
  await collector.drain()
  await ports?.close()
  await parts.preparer.close()
  await parts.detectors.stop()
  await parts.responder.stop()
  await parts.archiver.stop()
  await parts.log.close()
  await parts.warehouse.close()
}

/** Builds and starts everything; resolves when both ports answer and the configuration is in the log. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, secrets, detectors, codeVersion, clock, logger, data } = options
  const metrics = createMetrics()
  const { log, keep } = await openLog(options)
  const tools: WarehouseTools & { log: Log; clock: Clock } = { log, clock, logger, metrics }
  const warehouse = openWarehouse({ kind: 'chdb', path: join(data, 'warehouse') }, tools)
  const service = createDetectorService({
    ...tools,
    detectors,
    codeVersion,
    acceptGaps: options.acceptGaps === true,
  })
  const responder = createResponder({
    ...tools,
    config,
    detectors,
    identityCount: (tenant) => service.identitiesOf(tenant),
    knownSince: (tenant, identity) => service.knownSince(tenant, identity),
  })
  const archiver = createArchiver({ ...tools, warehouse, fromOldest: options.rebuildWarehouse === true })
  const preparer = createPreparer({ keys: secrets.keys, logger, mappings: config.mapped })
  let health: Readiness = { ready: false, reasons: ['starting'] }
  const ready = () =>
    health.ready ? ({ ok: true } as const) : { ok: false as const, reason: health.reasons.join('; ') }
  const { inputs: named, tokens: senders } = config
  const directory = join(data, 'inputs')
  let content = config.content ?? options.content
  const excerpts = (): boolean => content === 'excerpts'
  const inputs = createOpenedInputs({ ...tools, inputs: named, tokens: senders, preparer, ready, excerpts, directory })
  const parts: Parts = { log, warehouse, responder, detectors: service, archiver, preparer, inputs }

  const tokens = createLiveTokens(tokensOf(config, secrets.adminToken))
  const authenticate = withMadeTokens(tokens.authenticate, responder.tokens, clock)
  const collector = createCollector({ ...tools, authenticate, preparer, ready, excerpts })
  const readiness = async (): Promise<Readiness> => {
    if (health.reasons[0] !== 'starting') health = await readinessOf(parts)
    return health
  }
  const api = createApi({
    warehouse: wholeOnly(warehouse, tools),
    authenticate,
    metrics,
    readiness,
    failure: responder.failure,
    views: responder.views,
    commands: createCommandSender(log),
    findings: createFindingFeed(log),
    detectors,
    content: () => content,
    clock,
    logger,
  })

  let ports: Ports | undefined
  try {
    ports = await listen(options, collector.plugin, api)
    await responder.start()
    await Promise.all([service.start(), archiver.start()])
    await inputs.start()
  } catch (error) {
    // What was opened must not outlive the failure: it holds ports and the data directory.
    await stopAll(collector, ports, parts)
    throw error
  }
  const closeDoor = await openDoor(data, warehouse, logger)
  health = await readinessOf(parts)
  const failed = Promise.withResolvers<Error>()
  const watching = setInterval(() => {
    const failure = responder.failure()
    if (failure !== undefined) failed.resolve(failure)
    metrics.clockAheadSeconds.set((clock.aheadMs?.() ?? 0) / 1000)
    void readiness()
  }, LIMITS.health_every_ms).unref()
  return {
    ports,
    failed: failed.promise,
    async reconfigure(changed) {
      replaceTokens(tokens, tokensOf(changed, secrets.adminToken), logger)
      preparer.useMappings(changed.mapped)
      content = changed.content ?? options.content
      await responder.reconfigure(changed)
      await keep(changed)
    },
    async stop() {
      clearInterval(watching)
      await closeDoor()
      await stopAll(collector, ports, parts)
    },
  }
}
