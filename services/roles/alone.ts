/**
 * One role as a process of its own: its port with probes and metrics, its log, its role, and the order in which they
 * start and stop. It answers probes from the start, even while the log cannot be reached yet.
 */
import type { FastifyInstance } from 'fastify'
import type { Detector } from '../../detectors/detector.ts'
import { probeRoutes } from '../api/routes/probes.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import { createLiveTokens } from '../lib/live-tokens.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { createMetrics, type Metrics } from '../lib/metrics.ts'
import { createPartitioning } from '../lib/partitioning.ts'
import type { TenantKeys } from '../lib/secrets.ts'
import { createTurns } from '../lib/turns.ts'
import type { WarehouseTools } from '../lib/warehouse/index.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'
import { createApiRole } from './api.ts'
import { createArchiverRole } from './archiver.ts'
import { createCollectorRole } from './collector.ts'
import { createDetectorRole } from './detector/index.ts'
import { createHealth } from './health.ts'
import { replaceTokens, tokensOf } from './parts.ts'
import { createPendingLog } from './pending-log.ts'
import { openPorts, type Ports, type PortsPlan } from './ports.ts'
import { createResponderRole } from './responder.ts'
import type { CreateRole, Role, RoleName, RoleTools } from './role.ts'
import { followState } from './standing.ts'

const CREATE: Readonly<Record<RoleName, CreateRole>> = {
  collector: createCollectorRole,
  detector: (tools) => createDetectorRole(tools),
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
  /** Of this process alone: names the groups that only it joins. */
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
  /** Resolves when the role has started its work; rejects if it cannot. */
  readonly started: Promise<void>
  /** Resolves when the role can do nothing more in this process. */
  readonly failed: Promise<Error>
  reconfigure(config: ServiceConfiguration): Promise<void>
  /** Of a role that takes leak lists. */
  readonly useLeakLists?: NonNullable<Role['useLeakLists']>
  /** Answers requests in progress, hands over what it holds, closes everything. */
  stop(): Promise<void>
}

/** What a role receives in a process of its own. */
const toolsFor = (
  options: ProcessOptions,
  log: Log,
  metrics: Metrics,
  authenticate: RoleTools['authenticate'],
): RoleTools => ({
  ...options,
  log,
  partitioning: createPartitioning(log),
  metrics,
  authenticate,
  turns: createTurns(),
  content: 'none',
  positions: undefined,
  warehouse: () => options.openWarehouse({ logger: options.logger, metrics }),
  standing: (name, kinds) => followState({ log, logger: options.logger, group: `${name}-${options.processId}`, kinds }),
})

/** Opens the port and begins. Resolves when probes are answered; see `started`. Throws UsageError for what a person must mend. */
export async function startProcess(options: ProcessOptions): Promise<ServiceProcess> {
  const { config, clock, logger } = options
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
  const tools = toolsFor(options, log, metrics, authenticate)
  let ports: Ports
  try {
    role = CREATE[options.role](tools, probes)
    const { plugin, secondPlugin, ownProbes } = role
    const probing = async (app: FastifyInstance): Promise<void> =>
      probeRoutes(app, { ...probes, authenticate, metrics })
    const main = [...(ownProbes === true ? [] : [probing]), ...(plugin === undefined ? [] : [plugin])]
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
  // Those who await it receive the error; until then a failure must not end the process.
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
