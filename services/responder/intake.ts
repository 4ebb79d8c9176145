/**
 * Reads `findings` and `commands` and passes each record to its handler. An unreadable record becomes a dead letter; its
 * neighbours are unaffected. A batch is done when all that it caused is durable.
 */
import { checkCommand, type Command } from '../../schemas/command.ts'
import { type FindingRecord, readFindingRecord } from '../../schemas/finding.ts'
import type { Clock } from '../lib/clock.ts'
import type { Batch, Log, LogRecord, PartitionHandler } from '../lib/log/port.ts'
import { createSteadyConsumer } from '../lib/log/steady-consumer.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { createTurns, type Turns } from '../lib/turns.ts'
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
  onFinding(found: FindingRecord, nowMs: number): Promise<void>
  onCommand(command: Command, nowMs: number): Promise<void>
  /** Shared with other work of the process. Default: of its own. */
  readonly turns?: Turns
  /** Memory and log differ: reading on would count what is only in memory as done. */
  hasFailed(): boolean
}

export interface Intake {
  start(): Promise<void>
  stop(): Promise<void>
  /** Commits how far it has come, for lag displays. */
  commit(): Promise<void>
}

function parse(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'))
  } catch {
    return undefined
  }
}

/** How far it has come since the last commit, by partition. */
interface Reading {
  readonly deps: IntakeDeps
  readonly done: Map<string, { topic: string; partition: number; offset: number }>
  readonly lags: Map<string, { topic: string; records: number }>
  readonly turns: Turns
}

/** One finding that cannot be acted on must not keep the others waiting. */
const act = async (reading: Reading, found: FindingRecord): Promise<void> => {
  const { finding } = found
  const { clock, logger, letters } = reading.deps
  try {
    await reading.deps.onFinding(found, clock.now())
  } catch (error) {
    if (reading.deps.hasFailed()) throw error
    logger.error({ err: error, finding: finding.id }, 'a finding could not be acted on; look at it in the findings')
    await letters.unacted(finding, `the finding could not be acted on: ${(error as Error).message}`)
  }
}

const takeFinding = async (reading: Reading, record: LogRecord, value: Buffer, origin: string): Promise<void> => {
  const read = readFindingRecord(value.toString('utf8'))
  if (read.ok) await act(reading, read.record)
  else await reading.deps.letters.unreadable(`${origin}/${record.offset}`, 'invalid', read.detail, value)
}

const takeCommand = async (reading: Reading, record: LogRecord, value: Buffer, origin: string): Promise<void> => {
  const { clock, letters } = reading.deps
  const outcome = checkCommand(parse(value))
  if (outcome.ok) await reading.deps.onCommand(outcome.command, clock.now())
  else await letters.unreadable(`${origin}/${record.offset}`, 'invalid', outcome.reason, value)
}

/** Memory changes in order, call by call; only the waiting for the log is shared. */
const takeFindings = async (reading: Reading, records: readonly LogRecord[], origin: string): Promise<void> => {
  const taken: Promise<void>[] = []
  for (const record of records) {
    if (reading.turns.isOver()) await reading.turns.next()
    const one = takeFinding(reading, record, record.value!, origin)
    // It may fail before all are waited for, and is heard there.
    one.catch(() => undefined)
    taken.push(one)
  }
  await Promise.all(taken)
}

const takeBatch = async (reading: Reading, batch: Batch): Promise<void> => {
  const { positions, metrics } = reading.deps
  const origin = `${batch.topic}/${batch.partition}`
  const records = batch.records.filter((record) => record.value !== null)
  if (batch.topic === 'findings') {
    await takeFindings(reading, records, origin)
  } else {
    for (const record of records) await takeCommand(reading, record, record.value!, origin)
  }
  const next = batch.records.at(-1)!.offset + 1
  positions.advance(batch.topic, batch.partition, next)
  // Commands are few, and not all of them are as idle the second time: the position follows each batch at once.
  if (batch.topic === 'commands') await positions.save()
  reading.done.set(origin, { topic: batch.topic, partition: batch.partition, offset: next })
  reading.lags.set(origin, { topic: batch.topic, records: Math.max(0, batch.endOffset - next) })
  const lag = [...reading.lags.values()]
    .filter(({ topic }) => topic === batch.topic)
    .reduce((sum, { records }) => sum + records, 0)
  metrics.consumerLag.set({ service: GROUP, topic: batch.topic }, lag)
}

const handler = (reading: Reading, topic: string, partition: number): PartitionHandler => ({
  start: () => reading.deps.positions.startOf(topic, partition),
  process: async (batch, context) => {
    await context.heartbeat()
    await takeBatch(reading, batch)
  },
  stop: () => Promise.resolve(),
})

/** Creates the reader. A consumer that stops is recreated after a moment, as often as it takes. */
export function createIntake(deps: IntakeDeps): Intake {
  const reading: Reading = {
    deps,
    done: new Map(),
    lags: new Map(),
    turns: deps.turns ?? createTurns(),
  }

  const consumer = createSteadyConsumer({
    log: deps.log,
    logger: deps.logger,
    what: 'reading findings and commands',
    group: GROUP,
    topics: TOPICS,
    handler: (topic, partition) => handler(reading, topic, partition),
    mayBegin: () => !deps.hasFailed(),
  })

  return {
    start: consumer.start,
    async stop() {
      // A batch that the log cuts short is read again after the next start.
      await consumer
        .stop()
        .catch((error: Error) => deps.logger.warn({ reason: error.message }, 'reading was cut short'))
    },
    async commit() {
      const owner = consumer.current()
      if (owner === undefined) return
      const news = [...reading.done.values()]
      reading.done.clear()
      await Promise.all(news.map(({ topic, partition, offset }) => owner.commit(topic, partition, offset)))
    },
  }
}
