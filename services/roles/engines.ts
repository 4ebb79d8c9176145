/** The engines of the separate processes as the configuration file describes them, with the secrets that it names. */
import { readFile } from 'node:fs/promises'
import type { TopicSpec } from '../../schemas/topics.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import { createKafkaLog, type KafkaLogOptions } from '../lib/log/kafka/index.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { RAW_SETTINGS } from '../lib/raw-topic.ts'
import type { WarehouseOptions } from '../lib/warehouse/index.ts'
import { UsageError } from '../lib/errors.ts'
import { topicsOf } from './parts.ts'

export interface EngineTools {
  /** Name of this process among the clients of the broker. */
  readonly clientId: string
  readonly config: ServiceConfiguration
  readonly clock: Clock
  readonly logger: Logger
}

/** A variable of the environment that the configuration file names. */
type Variable = (name: string) => string | undefined

/** A secret from the file, or from a variable that the file names. Throws UsageError if the variable is not set. */
function secretOf(value: string | undefined, name: string | undefined, variable: Variable): string | undefined {
  if (value !== undefined || name === undefined) return value
  const found = variable(name)
  if (found === undefined || found === '') {
    throw new UsageError(`the configuration takes a secret from the environment variable ${name}, which is not set`)
  }
  return found
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new UsageError(`kafka.ca_file ${path} cannot be read (${code})`)
  }
}

/** Options of the log. Throws UsageError where the configuration names no brokers, or a secret that is not there. */
async function kafkaOptions(tools: EngineTools, variable: Variable): Promise<KafkaLogOptions> {
  const { clientId, clock, logger } = tools
  const { kafka } = tools.config
  if (kafka === undefined) {
    throw new UsageError(
      'a process of its own needs Kafka: name it in the configuration (kafka: {brokers: [host:9092]}), or run everything in one process with start',
    )
  }
  const { sasl, replication_factor: replicationFactor, min_insync: minInSync } = kafka
  const password = sasl === undefined ? undefined : secretOf(sasl.password, sasl.password_env, variable)
  const authority = kafka.ca_file === undefined ? undefined : await readAuthority(kafka.ca_file)
  return {
    brokers: kafka.brokers,
    clientId,
    clock,
    logger,
    ...(kafka.ssl ? { ssl: authority === undefined ? true : { ca: authority } } : {}),
    ...(sasl === undefined || password === undefined
      ? {}
      : {
          sasl: {
            mechanism: sasl.mechanism,
            username: sasl.username,
            password,
          },
        }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(minInSync === undefined ? {} : { minInSync }),
  }
}

async function openWith(options: KafkaLogOptions, topics: readonly TopicSpec[]): Promise<Log> {
  const log = await createKafkaLog(options)
  try {
    await log.ensureTopics(topics)
    return log
  } catch (error) {
    await log.close().catch(() => undefined)
    throw error
  }
}

/** How to open the log: connects and checks the topics. Throws UsageError at once, LogError when it is called. */
export async function logOpener(tools: EngineTools, variable: Variable): Promise<() => Promise<Log>> {
  const options = await kafkaOptions(tools, variable)
  const topics = topicsOf(tools.config)
  return async () => {
    const raw = topics.filter(({ name }) => name === 'raw')
    await (await openWith({ ...options, topicSettings: RAW_SETTINGS }, raw)).close()
    return openWith(options, topics)
  }
}

/** Options of the warehouse. Throws UsageError where the configuration names none. */
export function warehouseOptions({ clickhouse }: ServiceConfiguration, variable: Variable): WarehouseOptions {
  if (clickhouse === undefined) {
    throw new UsageError('this process needs ClickHouse: name it in the configuration (clickhouse: {url: ...})')
  }
  const { url, username, database } = clickhouse
  const password = secretOf(clickhouse.password, clickhouse.password_env, variable)
  return {
    kind: 'server',
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  }
}
