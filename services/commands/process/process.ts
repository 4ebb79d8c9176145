/**
 * `collector`, `detector`, `archiver`, `responder`, `api`: the services one by one, on Kafka and ClickHouse. Each runs
 * until it is stopped, and several instances of one share the work.
 */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ServiceConfiguration } from '../../lib/config.ts'
import { LogError } from '../../lib/log/port.ts'
import { createLogger, type Logger } from '../../lib/logger.ts'
import { parseMasterKey, type TenantKeys, tenantKeys } from '../../lib/secrets.ts'
import { steadySystemClock } from '../../lib/steady-clock.ts'
import { openWarehouse } from '../../lib/warehouse/index.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import {
  acceptGapsOption,
  addLogLevel,
  drain,
  portOption,
  rebuildOption,
  readConfiguration,
  toldToStop,
  watchConfiguration,
} from '../lib/serving.ts'
import { print } from '../lib/terminal.ts'
import { logOpener, warehouseOptions } from '../../roles/engines.ts'
import { type ServiceProcess, startProcess } from '../../roles/alone.ts'
import { DEFAULT_PORTS, ROLES, type RoleName } from '../../roles/role.ts'

interface ProcessCommandOptions {
  readonly config: string
  readonly host: string
  readonly port: number
  readonly otlpPort?: number
  readonly masterKeyFile?: string
  readonly acceptGaps?: true
  readonly rebuildWarehouse?: true
  readonly logLevel: string
  readonly json?: true
}

const DOES: Readonly<Record<RoleName, string>> = {
  api: 'answer analysts: lists, searches, orders',
  collector: 'take audit logs over HTTP, and from the topic raw where the configuration says so',
  detector: 'run the detectors over a share of the partitions',
  archiver: 'bring events and findings into ClickHouse',
  responder: 'act on findings: webhooks, quarantines, configuration; several stand by for one',
}

/** The key that all collectors share. */
async function readMasterKey(file: string | undefined, given: string | undefined): Promise<TenantKeys | undefined> {
  if (file === undefined && given === undefined) return undefined
  let text = given ?? ''
  if (file !== undefined) {
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      throw new UsageError(`the master key ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  const key = parseMasterKey(text)
  if (key === undefined) {
    throw new UsageError(
      `${file ?? 'MOLTWATCH_MASTER_KEY'} does not hold 64 hex digits: make them with openssl rand -hex 32`,
    )
  }
  return tenantKeys(key)
}

const needsTokens: readonly RoleName[] = ['collector', 'api']

function refuseWithoutTokens(role: RoleName, config: ServiceConfiguration, admin: string | undefined): void {
  if (!needsTokens.includes(role) || admin !== undefined || config.tokens.length > 0) return
  throw new UsageError(
    `nobody could use this ${role}: put tokens into the configuration, or an admin token into MOLTWATCH_TOKEN`,
  )
}

async function begin(
  role: RoleName,
  options: ProcessCommandOptions,
  tools: CommandTools,
  { config, logger, keys }: { config: ServiceConfiguration; logger: Logger; keys: () => TenantKeys },
): Promise<ServiceProcess> {
  const { MOLTWATCH_TOKEN: adminToken } = tools.environment
  refuseWithoutTokens(role, config, adminToken)
  const processId = randomUUID()
  const clock = steadySystemClock((fields, message) => logger.warn(fields, message))
  const openLog = await logOpener({ clientId: `moltwatch-${role}`, config, clock, logger }, tools.variable)
  return startProcess({
    ...(await tools.detection()),
    role,
    config,
    adminToken,
    processId,
    acceptGaps: options.acceptGaps === true,
    fromOldest: options.rebuildWarehouse === true,
    openLog,
    logger,
    clock,
    host: options.host,
    port: options.port,
    secondPort: options.otlpPort ?? 0,
    keys,
    openWarehouse: (warehouseTools) => openWarehouse(warehouseOptions(config, tools.variable), warehouseTools),
  })
}

async function run(role: RoleName, options: ProcessCommandOptions, tools: CommandTools): Promise<void> {
  const logger = createLogger(options.logLevel).child({ service: role })
  const config = await readConfiguration(options.config, tools)
  const master = await readMasterKey(options.masterKeyFile, tools.environment.MOLTWATCH_MASTER_KEY)
  const keys = (): TenantKeys => {
    if (master !== undefined) return master
    throw new UsageError(
      'all collectors of an installation, and a responder with leak lists, share one master key: give it with MOLTWATCH_MASTER_KEY or --master-key-file (openssl rand -hex 32 makes one)',
    )
  }
  const service = await begin(role, options, tools, { config, logger, keys })
  const stopping = toldToStop(tools)
  const { url, secondUrl } = service
  const second = secondUrl === undefined ? '' : ` and ${secondUrl} (OTLP logs and traces)`
  const line =
    options.json === true
      ? JSON.stringify({ role, url, ...(secondUrl === undefined ? {} : { otlp_url: secondUrl }) })
      : `moltwatch ${role} answers at ${url}${second}`
  await print(tools.terminal, line)
  const unwatch = await watchConfiguration(options.config, service, { tools, logger, inForce: config, keys })
  const broken = service.started.then(() => service.failed)
  const end = await Promise.race([stopping, broken]).catch((error: Error) => error)
  unwatch()
  if (typeof end === 'string') logger.info({ signal: end }, 'stopping: draining what is in progress')
  else logger.error({ err: end }, 'this process can do nothing more: start it again')
  await drain(service.stop, { tools, logger })
  if (end instanceof LogError && !end.retriable) throw new UsageError(`the log cannot be used: ${end.message}`)
  tools.exit(typeof end === 'string' ? EXIT.ok : EXIT.fault)
}

export const addProcesses: AddCommand = (program, tools) => {
  for (const role of ROLES) {
    const command = program
      .command(role)
      .description(`${DOES[role]}, as a process of its own on Kafka`)
      .requiredOption('--config <file>', 'YAML configuration, read again when it changes; see docs/configuration.md')
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .addOption(
        portOption(
          '--port <port>',
          role === 'api' ? 'API, probes and metrics' : 'probes and metrics',
          DEFAULT_PORTS[role],
        ),
      )
    if (role === 'collector') {
      command
        .addOption(portOption('--otlp-port <port>', 'OTLP logs and traces', 4318))
        .option('--master-key-file <file>', '64 hex digits that all collectors share')
        .addHelpText('after', '\nMOLTWATCH_MASTER_KEY gives the master key, MOLTWATCH_TOKEN an admin token.')
    }
    if (role === 'responder') {
      command
        .option('--master-key-file <file>', '64 hex digits that all collectors share; for leak lists alone')
        .addHelpText('after', '\nMOLTWATCH_MASTER_KEY gives the master key.')
    }
    if (role === 'detector') command.addOption(acceptGapsOption())
    if (role === 'archiver') command.addOption(rebuildOption())
    addLogLevel(command)
      .option('--json', 'print the addresses as JSON')
      .action((options: ProcessCommandOptions) => run(role, options, tools))
  }
}
