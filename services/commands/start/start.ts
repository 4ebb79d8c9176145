/**
 * `start`: runs the service until it is stopped. It prints its address, the path of the token and the lines that connect
 * an agent, watches the configuration file, and drains on SIGTERM and SIGINT.
 */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { OpenError } from '../../collector/opened/opened.ts'
import { LogError } from '../../lib/log/port.ts'
import type { ServiceConfiguration } from '../../lib/config.ts'
import { createLogger, type Logger } from '../../lib/logger.ts'
import { steadySystemClock } from '../../lib/steady-clock.ts'
import { loadSecrets } from '../../lib/secrets.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import {
  acceptGapsOption,
  addLogLevel,
  drain,
  portOption,
  readConfiguration,
  rebuildOption,
  toldToStop,
  watchConfiguration,
} from '../lib/serving.ts'
import { print } from '../lib/terminal.ts'
import { effectivePolicy } from '../../responder/policy.ts'
import { type Banner, bannerOf, connectLines } from './banner.ts'
import { contentOfInstallation, isNewInstallation } from './content.ts'
import { type App, startApp } from '../../roles/together.ts'

interface StartOptions {
  readonly data: string
  readonly host: string
  readonly port: number
  readonly otlpPort: number
  readonly config?: string
  readonly acceptGaps?: true
  readonly rebuildWarehouse?: true
  readonly logLevel: string
  readonly json?: true
}

/** What to do where the data directory cannot be used; a fault of moltwatch stays what it is. */
function unusable(data: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return new UsageError(`the data directory ${data} cannot be used: ${message}`)
  return new UsageError(
    `the data directory ${data} cannot be used (${code}): name a directory that this user may write with --data`,
  )
}

/** Warns if others can read a file with secrets in it. Secrets in separate files and variables are not in it. */
function warnOfReadable(path: string, { sinks, tokens }: ServiceConfiguration, logger: Logger): void {
  const text = readFileSync(path, 'utf8')
  const holds = [...tokens.flatMap(({ token }) => token ?? []), ...sinks.flatMap((sink) => secretsOf(sink))]
  if ((statSync(path).mode & 0o044) === 0 || !holds.some((secret) => text.includes(secret))) return
  logger.warn(
    { file: path },
    'others on this machine may read the configuration, and it holds secrets: run chmod 600 on it',
  )
}

/** The texts of a sink's settings whose names say that they are secrets. */
const secretsOf = (sink: object): string[] =>
  Object.entries(sink).flatMap(([name, value]) =>
    typeof value === 'string' && /(?:secret|token|key|password)$/i.test(name) ? [value] : [],
  )

async function announce(tools: CommandTools, banner: Banner, asJson: boolean): Promise<void> {
  const { url, otlpUrl, tokenFile } = banner
  const json = { url, otlp_url: otlpUrl, token_file: tokenFile, connect: connectLines(banner) }
  for (const line of asJson ? [JSON.stringify(json)] : bannerOf(banner)) await print(tools.terminal, line)
}

async function start(options: StartOptions, tools: CommandTools): Promise<void> {
  const logger = createLogger(options.logLevel)
  const stopping = toldToStop(tools)
  const config = await readConfiguration(options.config, tools)
  for (const section of ['kafka', 'clickhouse', 'raw'] as const) {
    if (config[section] === undefined) continue
    throw new UsageError(
      `${options.config}: ${section} is for the separate processes, and start keeps everything in --data. Remove it, or run collector, detector, archiver, responder and api`,
    )
  }
  if (options.config !== undefined) warnOfReadable(options.config, config, logger)
  const isNew = isNewInstallation(options.data)
  const secrets = await loadSecrets(options.data, tools.environment.MOLTWATCH_TOKEN).catch((error: unknown) => {
    throw unusable(options.data, error)
  })
  const content = await contentOfInstallation(options.data, isNew).catch((error: unknown) => {
    throw unusable(options.data, error)
  })
  const detection = await tools.detection()
  let app: App
  try {
    const clock = steadySystemClock((fields, message) => logger.warn(fields, message))
    app = await startApp({
      ...options,
      ...detection,
      secondPort: options.otlpPort,
      config,
      content,
      secrets,
      clock,
      logger,
    })
  } catch (error) {
    if (error instanceof OpenError) throw new UsageError(error.message)
    if (error instanceof LogError) throw new UsageError(`the log in ${options.data} cannot be opened: ${error.message}`)
    throw error
  }
  const { url, secondUrl } = app.ports
  const banner = {
    url,
    otlpUrl: secondUrl ?? url,
    data: options.data,
    // Agents start in other directories than the service.
    tokenFile: secrets.tokenFile === null ? null : resolve(secrets.tokenFile),
    policy: effectivePolicy(config.policy, 'default'),
    content: config.content ?? content,
  }
  await announce(tools, banner, options.json === true)
  const unwatch = await watchConfiguration(options.config, app, {
    tools,
    logger,
    inForce: config,
    keys: () => secrets.keys,
  })
  const end = await Promise.race([stopping, app.failed])
  unwatch()
  if (typeof end === 'string') logger.info({ signal: end }, 'stopping: draining what is in progress')
  else logger.error({ reason: end.message }, 'this process can do nothing more and ends: start it again')
  await drain(app.stop, { tools, logger })
  // The warehouse is closed, but its engine takes seconds to take itself apart.
  tools.end(typeof end === 'string' ? EXIT.ok : EXIT.fault)
}

export const addStart: AddCommand = (program, tools) => {
  const command = program
    .command('start')
    .description('run the service on loopback until SIGTERM')
    .option('--data <dir>', 'data directory, made on first start', '.moltwatch')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(portOption('--port <port>', 'API, events and CloudTrail', 8080))
    .addOption(portOption('--otlp-port <port>', 'OTLP logs and traces', 4318))
    .option('--config <file>', 'YAML configuration, read again when it changes; see docs/configuration.md')
    .addOption(acceptGapsOption())
    .addOption(rebuildOption())
  addLogLevel(command)
    .option('--json', 'print addresses and token file as JSON')
    .addHelpText('after', '\nMOLTWATCH_TOKEN sets the admin token instead of the one in the data directory.')
    .action((options: StartOptions) => start(options, tools))
}
