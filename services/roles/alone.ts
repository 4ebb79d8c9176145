/**
 * One role as a process of its own: its port with probes and metrics, its log, its role, and the order in which they begin
 * and end. It answers probes from the start, also while the log cannot be reached yet.
 */
import type { FastifyInstance } from 'fastify'
import type { Detector } from '../../detectors/detector.ts'
import { probeRoutes } from '../api/routes/probes.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import { createLiveTokens } from '../lib/live-tokens.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { createPartitioning } from '../lib/partitioning.ts'
import type { TenantKeys } from '../lib/secrets.ts'
import type { WarehouseTools } from '../lib/warehouse/index.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'
import { createApiRole } from './api.ts'
import { createArchiverRole } from './archiver.ts'
import { createCollectorRole } from './collector.ts'
import { createDetectorRole } from './detector.ts'
import { createHealth } from './health.ts'
import { replaceTokens, tokensOf } from './parts.ts'
import { createPendingLog } from './pending-log.ts'
import { openPorts, type Ports, type PortsPlan } from './ports.ts'
import { createResponderRole } from './responder.ts'
import type { CreateRole, Role, RoleName, RoleTools } from './role.ts'
import { followState } from './standing.ts'

const CREATE: Readonly<Record<RoleName, CreateRole>> = {
  collector: createCollectorRole,
  detector: createDetectorRole,
  archiver: createArchiverRole,
  responder: createResponderRole,
  api: createApiRole,
}

export interface ProcessOptions extends PortsPlan {
  readonly role: RoleName
  readonly config: ServiceConfiguration
  readonly adminToken: string | undefined
  readonly detectors: readonly Detector[]
  readonly codeVersion: string
  readonly acceptGaps?: boolean
  readonly fromOldest?: boolean
  /** Of this process alone: names the groups that it forms by itself. */
  readonly processId: string
  readonly clock: Clock
  readonly logger: Logger
  openLog(): Promise<Log>
  /** Throws UsageError where the installation's key was not given. */
  keys(): TenantKeys
  /** Throws UsageError where the configuration names no warehouse. */
  openWarehouse(tools: WarehouseTools): Warehouse
}

export interface ServiceProcess {
  readonly url: string
  /** Of the second port, where the role has one. */
  readonly secondUrl: string | undefined
  /** Resolves when the role has begun its work; rejects where it cannot. */
  readonly started: Promise<void>
  /** Resolves when the role can do nothing more in this process. */
  readonly failed: Promise<Error>
  reconfigure(config: ServiceConfiguration): Promise<void>
  /** Of a role that takes leak lists. */
  readonly useLeakLists?: NonNullable<Role['useLeakLists']>
  /** Answers what is in progress, hands over what it holds, closes everything. */
  stop(): Promise<void>
}

/** Opens the port and begins. Resolves when probes are answered; see `started`. Throws UsageError for what a person must mend. */
export async function startProcess(options: ProcessOptions): Promise<ServiceProcess> {
  const { config, clock, logger, processId } = options
  const metrics = createMetrics({ process: true })
  const log = createPendingLog(() => options.openLog(), logger)
  const tokens = createLiveTokens(tokensOf(config, options.adminToken))
  const { authenticate } = tokens
  let role: Role | undefined
  const health = createHealth({
    log,
    clock,
    metrics,
    reasons: () => role?.reasons() ?? [],
    failure: () => role?.failure?.(),
  })
  const { probes } = health
  const tools: RoleTools = {
    ...options,
    log,
    partitioning: createPartitioning(log),
    metrics,
    authenticate,
    content: 'none',
    positions: undefined,
    warehouse: () => options.openWarehouse({ logger, metrics }),
    standing: (name, kinds) => followState({ log, logger, group: `${name}-${processId}`, kinds }),
  }
  let ports: Ports
  try {
    role = CREATE[options.role](tools, probes)
    const { plugin, secondPlugin, ownProbes } = role
    const main = [
      ...(ownProbes === true
        ? []
        : [async (app: FastifyInstance) => probeRoutes(app, { ...probes, authenticate, metrics })]),
      ...(plugin === undefined ? [] : [plugin]),
    ]
    ports = await openPorts(options, { plugins: main }, secondPlugin && { plugins: [secondPlugin] })
  } catch (error) {
    health.stop()
    await role?.stop()
    await log.close()
    throw error
  }
  const mine = role
  const start = async (): Promise<void> => {
    await log.open()
    await mine.start()
    await health.begun()
  }
  const started = start()
  // Whoever waits for it hears of it; until then a failure must not end the process.
  started.catch(() => undefined)
  return {
    url: ports.url,
    secondUrl: ports.secondUrl,
    started,
    failed: health.failed,
    async reconfigure(changed) {
      replaceTokens(tokens, tokensOf(changed, options.adminToken), logger)
      await mine.reconfigure?.(changed)
    },
    ...(mine.useLeakLists === undefined ? {} : { useLeakLists: mine.useLeakLists }),
    async stop() {
      health.stop()
      await mine.drain?.()
      await ports.close()
      await mine.stop()
      await log.close()
      await started.catch(() => undefined)
    },
  }
}
