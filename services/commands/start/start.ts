/**
 * `start`: runs the service until it is told to stop. It prints where it listens, where the token lies and the lines that
 * connect an agent, watches the configuration file, and drains on SIGTERM and SIGINT.
 */
import { Option } from 'commander'
import { LogError } from '../../lib/log/port.ts'
import { systemClock } from '../../lib/clock.ts'
import { defaultConfig, formatProblems, loadConfig, type ServiceConfiguration, watchConfig } from '../../lib/config.ts'
import { createLogger, type Logger } from '../../lib/logger.ts'
import { loadSecrets, type Secrets } from '../../lib/secrets.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { print } from '../lib/terminal.ts'
import { type App, startApp } from './app.ts'

interface StartOptions {
  readonly data: string
  readonly host: string
  readonly port: number
  readonly otlpPort: number
  readonly config?: string
  readonly logLevel: string
  readonly json?: true
}

/** SIGTERM must end the process within this time, whatever hangs. */
const DRAIN_MS_MAX = 9_500
const PORT_MAX = 65_535

function portOf(value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX)
    throw new UsageError(`"${value}" is not a port: give a number from 0 to ${PORT_MAX}`)
  return port
}

async function configuration(path: string | undefined, tools: CommandTools): Promise<ServiceConfiguration> {
  if (path === undefined) return defaultConfig()
  const { detectors } = await tools.detection()
  const outcome = await loadConfig(path, { detectors })
  if (outcome.ok) return outcome.config
  throw new UsageError(`${formatProblems(path, outcome.problems)}\nnothing was started`)
}

async function announce(tools: CommandTools, options: StartOptions, app: App, { tokenFile }: Secrets): Promise<void> {
  const { url, otlpUrl } = app.ports
  const token = tokenFile === null ? '$MOLTWATCH_TOKEN' : `$(cat ${tokenFile})`
  const connect = [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/json',
    `export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ${token}"`,
  ]
  if (options.json === true) {
    await print(tools.terminal, JSON.stringify({ url, otlp_url: otlpUrl, token_file: tokenFile, connect }))
    return
  }
  const lines = [
    `moltwatch is ready at ${url} (API, events, CloudTrail) and ${otlpUrl} (OTLP logs)`,
    `data: ${options.data}`,
    tokenFile === null ? 'admin token: from MOLTWATCH_TOKEN' : `admin token: ${tokenFile}`,
    '',
    'Connect an agent:',
    ...connect.map((line) => `  ${line}`),
    '',
    'See it find something: npm run -s moltwatch -- demo',
    'Quarantine is off. To contain agents that touch agent networks, put this into a file and start with --config FILE:',
    '  policy: { preset: contain-agent-networks }',
  ]
  for (const line of lines) await print(tools.terminal, line)
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
const toldToStop = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const signals = ['SIGTERM', 'SIGINT'] as const
    for (const signal of signals) {
      process.once(signal, () => {
        for (const again of signals) process.on(again, () => process.exit(EXIT.fault))
        resolve(signal)
      })
    }
  })

/**
 * Stops in time. What cannot be drained in time is safe in the log and taken up at the next start. The deadline holds
 * after everything is closed, too: a question that the warehouse still works on would keep the process alive.
 */
async function drain(app: App, logger: Logger): Promise<number> {
  setTimeout(() => {
    logger.warn({ drain_ms_max: DRAIN_MS_MAX }, 'draining took too long; the rest is taken up at the next start')
    process.exit(EXIT.ok)
  }, DRAIN_MS_MAX).unref()
  await app.stop()
  return EXIT.ok
}

async function start(options: StartOptions, tools: CommandTools): Promise<void> {
  const logger = createLogger(options.logLevel)
  const stopping = toldToStop()
  const config = await configuration(options.config, tools)
  const secrets = await loadSecrets(options.data, tools.environment.MOLTWATCH_TOKEN)
  const detection = await tools.detection()
  let app: App
  try {
    app = await startApp({ ...options, ...detection, config, secrets, clock: systemClock, logger })
  } catch (error) {
    if (error instanceof LogError) throw new UsageError(`the log in ${options.data} cannot be opened: ${error.message}`)
    throw error
  }
  await announce(tools, options, app, secrets)
  const unwatch =
    options.config === undefined
      ? () => {}
      : watchConfig({
          path: options.config,
          options: { detectors: detection.detectors },
          inForce: config,
          onChange: (changed) =>
            void app.reconfigure(changed).then(
              () => logger.info('the configuration file was read again'),
              (error: unknown) => logger.error({ err: error }, 'the changed configuration could not be put in force'),
            ),
          onProblems: (problems) =>
            logger.error({ problems }, 'the configuration file is not valid; what was read before stays in force'),
        })
  const signal = await stopping
  unwatch()
  logger.info({ signal }, 'stopping: draining what is in hand')
  tools.exit(await drain(app, logger))
}

export const addStart: AddCommand = (program, tools) => {
  program
    .command('start')
    .description('run the service on loopback until SIGTERM')
    .option('--data <dir>', 'data directory, made on first start', '.moltwatch')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--port <port>', 'API, events and CloudTrail').argParser(portOf).default(8080))
    .addOption(new Option('--otlp-port <port>', 'OTLP logs').argParser(portOf).default(4318))
    .option('--config <file>', 'YAML configuration, read again when it changes; see docs/configuration.md')
    .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error', 'silent']).default('info'))
    .option('--json', 'print addresses and token file as JSON')
    .addHelpText('after', '\nMOLTWATCH_TOKEN sets the admin token instead of the one in the data directory.')
    .action((options: StartOptions) => start(options, tools))
}
