/**
 * One service as a process of its own: its port with probes and metrics, its log, its role, and the order in which they
 * begin and end. It answers probes from the start, also while the log cannot be reached yet.
 */
import type { FastifyInstance } from 'fastify'
import type { Detector } from '../../../detectors/detector.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Readiness } from '../../api/index.ts'
import { probeRoutes } from '../../api/routes/probes.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ServiceConfiguration } from '../../lib/config.ts'
import { createHttp } from '../../lib/http.ts'
import type { Log } from '../../lib/log/port.ts'
import type { Logger } from '../../lib/logger.ts'
import { createMetrics, type Metrics } from '../../lib/metrics.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import type { WarehouseTools } from '../../lib/warehouse/index.ts'
import type { Warehouse } from '../../lib/warehouse/port.ts'
import type { Authenticate } from '../../lib/auth.ts'
import { createLiveTokens } from '../../lib/live-tokens.ts'
import { logReasons, replaceTokens, tokensOf } from '../lib/parts.ts'
import { notFound, openPort } from '../start/ports.ts'
import { createPendingLog, type PendingLog } from './pending-log.ts'
import { createApiRole } from './roles/api.ts'
import { createArchiverRole } from './roles/archiver.ts'
import { createCollectorRole } from './roles/collector.ts'
import { createDetectorRole } from './roles/detector.ts'
import { createResponderRole } from './roles/responder.ts'
import type { CreateRole, Probes, Role, RoleName } from './roles/role.ts'

const CREATE: Readonly<Record<RoleName, CreateRole>> = {
  collector: createCollectorRole,
  detector: createDetectorRole,
  archiver: createArchiverRole,
  responder: createResponderRole,
  api: createApiRole,
}

export interface ProcessOptions {
  readonly role: RoleName
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** For roles that answer on a second port. */
  readonly secondPort: number
  readonly config: ServiceConfiguration
  readonly adminToken: string | undefined
  readonly detectors: readonly Detector[]
  readonly codeVersion: string
  readonly acceptGaps?: boolean
  readonly fromOldest?: boolean
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
  /** Answers what is in progress, hands over what it holds, closes everything. */
  stop(): Promise<void>
}

/** What is known of the process's health, refreshed about once a second. */
function createHealth(log: PendingLog, role: () => Role | undefined) {
  let latest: Readiness = { ready: false, reasons: ['starting'] }
  let started = false
  const readiness = async (): Promise<Readiness> => {
    const reasons = await logReasons(log)
    if (started) reasons.push(...(role()?.reasons() ?? []))
    else if (reasons.length === 0) reasons.push('starting')
    latest = { ready: reasons.length === 0, reasons }
    return latest
  }
  const probes: Probes = { readiness, failure: () => role()?.failure?.(), latest: () => latest }
  return {
    probes,
    async begun() {
      started = true
      await readiness()
    },
  }
}

async function openPorts(
  options: ProcessOptions,
  role: Role,
  { probes, metrics, authenticate }: { probes: Probes; metrics: Metrics; authenticate: Authenticate },
) {
  const main = createHttp()
  const second = role.secondPlugin === undefined ? undefined : createHttp()
  const opened: FastifyInstance[] = second === undefined ? [main] : [main, second]
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((app) => app.close()))
  }
  try {
    for (const app of opened) app.setNotFoundHandler(notFound)
    if (role.ownProbes !== true) probeRoutes(main, { ...probes, authenticate, metrics })
    if (role.plugin !== undefined) await main.register(role.plugin)
    const url = await openPort(main, options.host, options.port, '--port')
    if (second === undefined || role.secondPlugin === undefined) return { url, secondUrl: undefined, close }
    await second.register(role.secondPlugin)
    second.get('/healthz', async () => ({ status: 'ok' }))
    return { url, secondUrl: await openPort(second, options.host, options.secondPort, '--otlp-port'), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Opens the port and begins. Resolves when probes are answered; see `started`. Throws UsageError for what a person must mend. */
export async function startProcess(options: ProcessOptions): Promise<ServiceProcess> {
  const { config, logger } = options
  const metrics = createMetrics({ process: true })
  const log = createPendingLog(() => options.openLog(), logger)
  const tokens = createLiveTokens(tokensOf(config, options.adminToken))
  const { authenticate } = tokens
  let role: Role | undefined
  const health = createHealth(log, () => role)
  let ports: Awaited<ReturnType<typeof openPorts>>
  try {
    const tools = {
      ...options,
      log,
      metrics,
      authenticate,
      warehouse: () => options.openWarehouse({ logger, metrics }),
    }
    role = CREATE[options.role](tools, health.probes)
    ports = await openPorts(options, role, { probes: health.probes, metrics, authenticate })
  } catch (error) {
    await role?.stop()
    await log.close()
    throw error
  }
  const mine = role
  let tellFailed: (error: Error) => void = () => undefined
  const failed = new Promise<Error>((resolve) => {
    tellFailed = resolve
  })
  const watching = setInterval(() => {
    const failure = mine.failure?.()
    if (failure !== undefined) tellFailed(failure)
    metrics.clockAheadSeconds.set((options.clock.aheadMs?.() ?? 0) / 1000)
    void health.probes.readiness()
  }, LIMITS.health_every_ms).unref()
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
    failed,
    async reconfigure(changed) {
      replaceTokens(tokens, tokensOf(changed, options.adminToken), logger)
      await mine.reconfigure?.(changed)
    },
    async stop() {
      clearInterval(watching)
      await mine.drain?.()
      await ports.close()
      await mine.stop()
      await log.close()
      await started.catch(() => undefined)
    },
  }
}
