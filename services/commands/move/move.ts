/**
 * `move`: copies the log of an embedded installation to Kafka, where the separate processes continue with it: what was
 * learned, found and ordered, and the events that the log still holds. ClickHouse is not copied: the archiver stores the
 * contents of the log there again.
 */
import { counted } from '../../../schemas/counted.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Option } from 'commander'
import { topicSpecs } from '../../../schemas/topics.ts'
import { systemClock } from '../../lib/clock.ts'
import type { ServiceConfiguration } from '../../lib/config.ts'
import { type Log, LogError } from '../../lib/log/port.ts'
import { createSqliteLog } from '../../lib/log/sqlite/index.ts'
import { createLogger, type Logger } from '../../lib/logger.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import { readConfiguration } from '../lib/serving.ts'
import { createProgress, print } from '../lib/terminal.ts'
import { logOpener } from '../../roles/engines.ts'
import { type Copied, CopyError, copyLog } from './copy.ts'

interface MoveOptions {
  readonly from: string
  readonly config: string
  readonly json?: true
}

/** What producers write into `raw` never was in an embedded log. */
const NOT_MOVED = ['raw']

async function openSource(directory: string, logger: Logger): Promise<Log> {
  const log = join(directory, 'log')
  if (!existsSync(join(log, 'log.sqlite'))) {
    throw new UsageError(`${directory} holds no log: name the directory that start was given with --data`)
  }
  try {
    return await createSqliteLog({ directory: log, clock: systemClock, logger, maintenanceEveryMs: 0 })
  } catch (error) {
    if (error instanceof LogError) throw new UsageError(`the log in ${directory} cannot be opened: ${error.message}`)
    throw error
  }
}

async function copy(from: string, config: ServiceConfiguration, tools: CommandTools): Promise<readonly Copied[]> {
  const logger = createLogger('warn')
  const open = await logOpener({ clientId: 'moltwatch-move', config, clock: systemClock, logger }, tools.variable)
  const source = await openSource(from, logger)
  const progress = createProgress(tools.terminal)
  let target: Log | undefined
  let done = 0
  try {
    target = await open()
    return await copyLog({
      source,
      target,
      topics: topicSpecs().filter(({ name }) => !NOT_MOVED.includes(name)),
      onProgress(topic, records) {
        done += records
        progress.show(() => `copying ${topic}: ${counted(done, 'record')} in all`)
      },
    })
  } catch (error) {
    if (error instanceof CopyError) throw new UsageError(`nothing was moved: ${error.message}`)
    if (error instanceof LogError) {
      throw new UsageError(
        `the copy broke off: ${error.message}. Remove the topics before you try again; ${from} is as it was`,
      )
    }
    throw error
  } finally {
    progress.end()
    await target?.close()
    await source.close()
  }
}

async function move(options: MoveOptions, tools: CommandTools): Promise<void> {
  const config = await readConfiguration(options.config, tools)
  const copied = await copy(options.from, config, tools)
  if (options.json === true) {
    const records = Object.fromEntries(copied.map((one) => [one.topic, one.records]))
    await print(tools.terminal, JSON.stringify({ from: options.from, records }))
    return
  }
  const lines = [
    ...copied.map(({ topic, records }) => `${topic}: ${counted(records, 'record')}`),
    '',
    `The log of ${options.from} is in Kafka. Start responder, detector, archiver, collector and api with ${options.config},`,
    `the collectors with --master-key-file ${join(options.from, 'master-key')}: what was learned is compared by that key.`,
    `Do not start ${options.from} again: both would act.`,
  ]
  for (const line of lines) await print(tools.terminal, line)
}

export const addMove: AddCommand = (program, tools) => {
  program
    .command('move')
    .description('carry the log of a stopped embedded installation over to Kafka')
    .requiredOption('--from <dir>', 'its data directory; it stays as it is')
    .addOption(new Option('--to <engine>', 'where to').choices(['kafka']).makeOptionMandatory())
    .requiredOption('--config <file>', 'YAML configuration of the processes that go on with it')
    .option('--json', 'print what was copied as JSON')
    .action((options: MoveOptions) => move(options, tools))
}
