/**
 * What every command that serves has in common: options, the configuration file, the signals that end it, and an end that
 * comes in time.
 */
import { type Command, Option } from 'commander'
import { OPENED_INPUTS } from '../../collector/opened/registry.ts'
import { FORMAT_IDS } from '../../collector/formats/registry.ts'
import { defaultConfig, formatProblems, loadConfig, type ServiceConfiguration, watchConfig } from '../../lib/config.ts'
import { secretReader } from '../../lib/config/sinks.ts'
import { formatListProblem } from '../../lib/lists/read.ts'
import { watchLists } from '../../lib/lists/watch.ts'
import type { Logger } from '../../lib/logger.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { SINK_TYPES } from '../../responder/sinks/registry.ts'
import type { CommandTools } from './command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'

/** SIGTERM must end the process within this time, whatever hangs. */
const DRAIN_MS_MAX = 9_500
const PORT_MAX = 65_535

function portOf(value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX)
    throw new UsageError(`"${value}" is not a port: give a number from 0 to ${PORT_MAX}`)
  return port
}

export const portOption = (flags: string, what: string, fallback: number): Option =>
  new Option(flags, what).argParser(portOf).default(fallback)

export const addLogLevel = (command: Command): Command =>
  command.addOption(
    new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  )

/** A person's decision after records of the log were lost; see docs/operations.md. */
export const acceptGapsOption = (): Option =>
  new Option('--accept-gaps', 'go on behind records that left the log before they were processed')

/** Fills a warehouse that was dropped, or lacks something; see docs/operations.md. */
export const rebuildOption = (): Option =>
  new Option('--rebuild-warehouse', 'store again all that the log holds; what is there already counts once')

/** The names that the file may use, and where secrets may be stored outside it. */
export const configNames = ({ variable }: CommandTools) => ({
  formats: FORMAT_IDS,
  sinkTypes: SINK_TYPES,
  inputTypes: OPENED_INPUTS,
  readSecret: secretReader(variable),
})

/** The checked content of the file, or the default without one. Throws UsageError with every problem. */
export async function readConfiguration(path: string | undefined, tools: CommandTools): Promise<ServiceConfiguration> {
  if (path === undefined) return defaultConfig()
  const { detectors } = await tools.detection()
  const outcome = await loadConfig(path, { detectors, ...configNames(tools) })
  if (outcome.ok) return outcome.config
  throw new UsageError(`${formatProblems(path, outcome.problems)}\nnothing was started`)
}

export interface Reconfigurable {
  /** Takes a changed configuration file. */
  reconfigure(config: ServiceConfiguration): Promise<void>
  /** Takes each tenant's leak list; absent if the service uses none. */
  useLeakLists?(lists: ReadonlyMap<string, Uint8Array>): Promise<void>
}

export interface Watching {
  readonly tools: CommandTools
  readonly logger: Logger
  readonly inForce: ServiceConfiguration
  /** Throws UsageError where the installation's key was not given. */
  keys(): TenantKeys
}

/**
 * Passes every valid change of the file, and of the lists next to it, to the service until the returned function is
 * called.
 */
export async function watchConfiguration(
  path: string | undefined,
  service: Reconfigurable,
  { tools, logger, inForce, keys }: Watching,
): Promise<() => void> {
  if (path === undefined) return () => {}
  const { detectors } = await tools.detection()
  let current = inForce
  const unwatchLists = watchLeakLists(path, service, { logger, keys, current: () => current })
  const unwatch = watchConfig({
    path,
    inForce,
    options: { detectors, ...configNames(tools) },
    onChange(changed) {
      current = changed
      void service.reconfigure(changed).then(
        () => logger.info('the configuration file was read again'),
        (error: unknown) => logger.error({ err: error }, 'the changed configuration could not be put in force'),
      )
    },
    onProblems: (problems) =>
      logger.error({ problems }, 'the configuration file is not valid; what was read before stays in force'),
  })
  return () => {
    unwatchLists()
    unwatch()
  }
}

/** The leak lists next to the file, for a service that uses them. */
function watchLeakLists(
  path: string,
  service: Reconfigurable,
  { logger, keys, current }: Pick<Watching, 'logger' | 'keys'> & { current(): ServiceConfiguration },
): () => void {
  const use = service.useLeakLists
  if (use === undefined) return () => {}
  return watchLists({
    configuration: path,
    tenants: () => [...new Set(['default', ...current().tokens.map(({ tenant }) => tenant)])].sort(),
    keyOf: (tenant) => keys().forCredentials(tenant),
    onChange: (lists) => void use(lists),
    onProblems: (problems) =>
      logger.error(
        { problems: problems.map(formatListProblem) },
        'the leak lists are not valid; those that were read before stay in force',
      ),
  })
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
export const toldToStop = ({ end }: CommandTools): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const signals = ['SIGTERM', 'SIGINT'] as const
    for (const signal of signals) {
      process.once(signal, () => {
        for (const again of signals) process.on(again, () => end(EXIT.fault))
        resolve(signal)
      })
    }
  })

/**
 * Stops in time. What cannot be drained in time is safe in the log and is processed at the next start. The deadline also
 * applies after everything is closed: what still runs would keep the process alive.
 */
export async function drain(
  stop: () => Promise<void>,
  { tools, logger }: Pick<Watching, 'tools' | 'logger'>,
): Promise<void> {
  setTimeout(() => {
    logger.warn({ drain_ms_max: DRAIN_MS_MAX }, 'draining took too long; the rest is taken up at the next start')
    tools.end(EXIT.ok)
  }, DRAIN_MS_MAX).unref()
  await stop()
}
