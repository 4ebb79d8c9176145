/**
 * Reads `findings` and `commands` and hands each record to who acts on it. A record that cannot be read becomes a dead
 * letter; its neighbours go on. A batch is done when all that it brought about is durable.
 */
import { checkCommand, type Command } from '../../schemas/command.ts'
import { type Finding, readFindingRecord } from '../../schemas/finding.ts'
import type { Clock } from '../lib/clock.ts'
import type { Batch, Log, LogRecord, PartitionHandler } from '../lib/log/port.ts'
import { createSteadyConsumer } from '../lib/log/steady-consumer.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Letters } from './letters.ts'
import type { Positions } from './positions.ts'

const GROUP = 'responder'
const TOPICS = ['findings', 'commands'] as const

export interface IntakeDeps {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly letters: Letters
  readonly positions: Positions
  onFinding(finding: Finding, nowMs: number): Promise<void>
  onCommand(command: Command, nowMs: number): Promise<void>
  /** Memory and log differ: reading on would take what is only in memory for done. */
  hasFailed(): boolean
}

export interface Intake {
  start(): Promise<void>
  stop(): Promise<void>
  /** Tells the log how far it has come, for lag displays. */
  commit(): Promise<void>
}

function parse(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Makes the reader. A consumer that stops by itself is made anew after a moment, as often as it takes. */
export function createIntake(deps: IntakeDeps): Intake {
  const { log, clock, logger, metrics, letters, positions } = deps
  const done = new Map<string, { topic: string; partition: number; offset: number }>()
  const lags = new Map<string, { topic: string; records: number }>()

  /** One finding that cannot be acted on must not keep the others waiting. */
  const act = async (finding: Finding): Promise<void> => {
    try {
      await deps.onFinding(finding, clock.now())
    } catch (error) {
      if (deps.hasFailed()) throw error
      logger.error({ err: error, finding: finding.id }, 'a finding could not be acted on; look at it in the findings')
      await letters.unacted(finding, `the finding could not be acted on: ${(error as Error).message}`)
    }
  }

  const takeFinding = async (record: LogRecord, value: Buffer, origin: string): Promise<void> => {
    const read = readFindingRecord(value.toString('utf8'))
    if (read.ok) await act(read.record.finding)
    else await letters.unreadable(`${origin}/${record.offset}`, 'invalid', read.detail, value)
  }

  const takeCommand = async (record: LogRecord, value: Buffer, origin: string): Promise<void> => {
    const outcome = checkCommand(parse(value))
    if (outcome.ok) await deps.onCommand(outcome.command, clock.now())
    else await letters.unreadable(`${origin}/${record.offset}`, 'invalid', outcome.reason, value)
  }

  const process = async (batch: Batch): Promise<void> => {
    const origin = `${batch.topic}/${batch.partition}`
    const records = batch.records.filter((record) => record.value !== null)
    if (batch.topic === 'findings') {
      // Memory changes in order, call by call; only the waiting for the log is shared.
      await Promise.all(records.map((record) => takeFinding(record, record.value!, origin)))
    } else {
      for (const record of records) await takeCommand(record, record.value!, origin)
    }
    const next = batch.records.at(-1)!.offset + 1
    positions.advance(batch.topic, batch.partition, next)
    // Commands are few, and not all of them are as idle the second time: the position follows each batch at once.
    if (batch.topic === 'commands') await positions.save()
    done.set(origin, { topic: batch.topic, partition: batch.partition, offset: next })
    lags.set(origin, { topic: batch.topic, records: Math.max(0, batch.endOffset - next) })
    const lag = [...lags.values()]
      .filter(({ topic }) => topic === batch.topic)
      .reduce((sum, { records }) => sum + records, 0)
    metrics.consumerLag.set({ service: GROUP, topic: batch.topic }, lag)
  }

  const handler = (topic: string, partition: number): PartitionHandler => ({
    start: () => positions.startOf(topic, partition),
    process: async (batch, context) => {
      await context.heartbeat()
      await process(batch)
    },
    stop: () => Promise.resolve(),
  })

  const consumer = createSteadyConsumer({
    log,
    logger,
    what: 'reading findings and commands',
    group: GROUP,
    topics: TOPICS,
    handler,
    mayBegin: () => !deps.hasFailed(),
  })

  return {
    start: consumer.start,
    async stop() {
      // A batch that the log cuts short is read again after the next start.
      await consumer.stop().catch((error: Error) => logger.warn({ reason: error.message }, 'reading was cut short'))
    },
    async commit() {
      const owner = consumer.current()
      if (owner === undefined) return
      const news = [...done.values()]
      done.clear()
      await Promise.all(news.map(({ topic, partition, offset }) => owner.commit(topic, partition, offset)))
    },
  }
}
