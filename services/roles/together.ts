/**
 * All roles in one process over one embedded log, with the warehouse inside and two HTTP ports. It reads no environment and
 * prints nothing; the command `start` does.
 *
 * Order matters twice. Starting: the responder writes the configuration into the log before anything reads it. Stopping:
 * the inputs close first, then those who write to the log, then the log.
 */
import { join } from 'node:path'
import type { Detector } from '../../detectors/detector.ts'
import type { Content } from '../../schemas/excerpt.ts'
import { unknownRoute } from '../api/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import { createLiveTokens } from '../lib/live-tokens.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { createPartitioning } from '../lib/partitioning.ts'
import type { Secrets } from '../lib/secrets.ts'
import { createTurns } from '../lib/turns.ts'
import { openWarehouse } from '../lib/warehouse/index.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'
import { createApiRole } from './api.ts'
import { createArchiverRole } from './archiver.ts'
import { createCollectorRole } from './collector.ts'
import { createDetectorRole } from './detector/index.ts'
import { openLocalSocket } from './local-socket.ts'
import { openEmbeddedLog } from './embedded-log.ts'
import { createHealth } from './health.ts'
import { replaceTokens, tokensOf } from './parts.ts'
import { openPorts, type Ports, type PortsPlan } from './ports.ts'
import { createSoleResponder } from './responder.ts'
import type { AnsweringRole, Probes, Role, RoleTools, Standing } from './role.ts'

export interface AppOptions extends PortsPlan {
  /** Data directory; made if it is missing. */
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
  /** Takes each tenant's leak list, which goes through the log. */
  useLeakLists(lists: ReadonlyMap<string, Uint8Array>): Promise<void>
  /** Answers requests in progress, writes snapshots, closes everything. */
  stop(): Promise<void>
}

interface Roles {
  readonly responder: Role
  readonly detector: Role
  readonly archiver: Role
  readonly collector: AnsweringRole
  readonly api: AnsweringRole
}

type Shared = Omit<RoleTools, 'standing' | 'identityCount'>

/** All of them on the same log; they ask the responder directly for what it knows. */
function createRoles(shared: Shared, probes: Probes): Roles {
  const standing = (): Standing => sole.standing
  const tools: RoleTools = {
    ...shared,
    standing,
    identityCount: (tenant) => detector.identitiesOf(tenant),
  }
  const detector = createDetectorRole(tools)
  const sole = createSoleResponder(tools)
  return {
    responder: sole.role,
    detector,
    archiver: createArchiverRole(tools, probes),
    collector: createCollectorRole(tools, probes),
    api: createApiRole(tools, probes),
  }
}

async function startRoles({ responder, detector, archiver, collector, api }: Roles): Promise<void> {
  await responder.start()
  await Promise.all([detector.start(), archiver.start()])
  await collector.start()
  await api.start()
}

interface Opened {
  readonly log: Log
  readonly warehouse: Warehouse
  readonly ports: Ports | undefined
}

async function stopAll(roles: Roles, { log, warehouse, ports }: Opened): Promise<void> {
  await roles.collector.drain?.()
  await ports?.close()
  for (const role of [roles.collector, roles.detector, roles.responder, roles.archiver, roles.api]) await role.stop()
  await log.close()
  await warehouse.close()
}

/** The warehouse for one of several takers: it outlives each of them. */
const lent = (warehouse: Warehouse): Warehouse => ({ ...warehouse, close: () => Promise.resolve() })

/** Builds and starts everything; resolves when both ports answer and the configuration is in the log. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, secrets, clock, logger, data } = options
  const metrics = createMetrics()
  const { log, keep } = await openEmbeddedLog(options)
  const warehouse = openWarehouse({ kind: 'chdb', path: join(data, 'warehouse') }, { logger, metrics })
  const tokens = createLiveTokens(tokensOf(config, secrets.adminToken))
  const health = createHealth({
    log,
    clock,
    metrics,
    // One process is ready when it takes events: the others catch up from the log.
    reasons: () => roles.collector.reasons(),
    failure: () => roles.responder.failure?.(),
  })
  const shared: Shared = {
    ...options,
    log,
    partitioning: createPartitioning(log),
    metrics,
    authenticate: tokens.authenticate,
    turns: createTurns(),
    positions: join(data, 'inputs'),
    acceptGaps: options.acceptGaps === true,
    fromOldest: options.rebuildWarehouse === true,
    keys: () => secrets.keys,
    warehouse: () => lent(warehouse),
  }
  const roles = createRoles(shared, health.probes)
  let ports: Ports | undefined
  try {
    const { api, collector } = roles
    const main = { plugins: [api.plugin, collector.plugin], notFound: unknownRoute }
    ports = await openPorts(options, main, { plugins: [collector.plugin] })
    await startRoles(roles)
  } catch (error) {
    // What was opened must not outlive the failure: it holds ports and the data directory.
    health.stop()
    await stopAll(roles, { log, warehouse, ports })
    throw error
  }
  const closeSocket = await openLocalSocket(data, warehouse, logger)
  await health.begun()
  return {
    ports,
    failed: health.failed,
    async reconfigure(changed) {
      replaceTokens(tokens, tokensOf(changed, secrets.adminToken), logger)
      for (const role of Object.values(roles) as Role[]) await role.reconfigure?.(changed)
      await keep(changed)
    },
    async useLeakLists(lists) {
      await roles.responder.useLeakLists?.(lists)
    },
    async stop() {
      health.stop()
      await closeSocket()
      await stopAll(roles, { log, warehouse, ports })
    },
  }
}
