/**
 * What records brought about, on its way to the log: findings to `findings`, signals to `signals`, what could not be
 * processed to `dead-letters`. One append is under way for each target partition, and different targets are written at
 * the same time; nothing of a later record is written before all of an earlier one is durable.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { blankDeadLetter, type DeadLetter, type DeadLetterReason } from '../../../schemas/dead-letter.ts'
import { type Finding, writeFindingRecord } from '../../../schemas/finding.ts'
import { H, partitionOf } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Partitioner } from '../../../schemas/partitioning.ts'
import type { Signal } from '../../../schemas/signal.ts'
import type { Clock } from '../../lib/clock.ts'
import { type BatchContext, type Log, LogError, type RecordInput } from '../../lib/log/port.ts'
import type { Partitioning } from '../../lib/partitioning.ts'
import { signalFrames, type SignalSource, signalsByTarget } from './signal-frames.ts'

/** Waits between attempts of an append that may succeed later; then the worker stops. */
const RETRY_DELAYS_MS = [50, 100, 200, 400, 800, 1_600]

export interface Trouble {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: DeadLetterReason
  readonly detail: string
  readonly record: Buffer
}

export interface Outputs {
  readonly size: number
  /** `foundAt`: the log's time in ms. */
  findings(findings: readonly Finding[], foundAt: number): void
  signals(signals: readonly Signal[]): void
  trouble(trouble: Trouble): void
  /** Resolves when all is durable. What it throws leaves the worker no choice but to stop. */
  flush(source: SignalSource, context: BatchContext): Promise<void>
}

async function append(
  log: Log,
  [topic, partition, records]: [string, number, readonly RecordInput[]],
  context: BatchContext,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    await context.heartbeat()
    try {
      await log.append(topic, partition, records)
      return
    } catch (error) {
      const delay = RETRY_DELAYS_MS[attempt]
      // Repeating an append is safe: what may have been written after all is dropped by its id or offset.
      if (!(error instanceof LogError) || !error.retriable || delay === undefined) throw error
      await wait(delay)
    }
  }
}

/** Runs of records that one append takes. */
function* loads(records: readonly RecordInput[]): Generator<RecordInput[]> {
  let load: RecordInput[] = []
  let bytes = 0
  for (const record of records) {
    const size = (record.value?.length ?? 0) + (record.key?.length ?? 0)
    if (load.length > 0 && bytes + size > LIMITS.log_record_bytes_max) {
      yield load
      load = []
      bytes = 0
    }
    load.push(record)
    bytes += size
  }
  if (load.length > 0) yield load
}

/** The record stands in it as base64, cut: `origin` says where the whole of it lies. */
function deadLetterOf(trouble: Trouble, now: number): DeadLetter {
  const origin = `${trouble.topic}/${trouble.partition}/${trouble.offset}`
  const bytesMax = Math.floor((LIMITS.dead_letter_record_chars_max * 3) / 4)
  const record = trouble.record.subarray(0, bytesMax).toString('base64')
  return {
    ...blankDeadLetter(),
    id: H('', origin, trouble.reason, record),
    time: now,
    service: 'detector',
    origin,
    reason: trouble.reason,
    detail: trouble.detail.slice(0, LIMITS.text_chars_max),
    record,
  }
}

/**
 * Signals of one record for one partition stand in one frame, because stage two takes each offset of a source once. A
 * frame that no record of the log can hold is given up: 400 events cannot make one unless somebody means it.
 */
function* recordsOf(signals: readonly Signal[], source: SignalSource, giveUp: (trouble: Trouble) => void) {
  for (const value of signalFrames(signals, source)) {
    if (value.length < LIMITS.log_record_bytes_max) {
      yield { key: null, value }
      continue
    }
    giveUp({
      topic: 'events',
      partition: source.sourcePartition,
      offset: signals[0]?.offset ?? 0,
      reason: 'refused',
      detail: `its signals make a frame of ${value.length} bytes, more than a record of the log may have: stage two does not hear of them`,
      record: value,
    })
  }
}

export function createOutputs(log: Log, clock: Clock, partitioning: Pick<Partitioning, 'partitioner'>): Outputs {
  let findings: { readonly tenant: string; readonly value: Buffer }[] = []
  let signals: Signal[] = []
  let letters: DeadLetter[] = []

  const giveUp = (trouble: Trouble): void => {
    letters.push(deadLetterOf(trouble, clock.now()))
  }

  function* targets(
    source: SignalSource,
    partitioner: Partitioner | undefined,
  ): Generator<[string, number, RecordInput[]]> {
    const partitions = log.partitions('findings')
    for (const [partition, mine] of Map.groupBy(findings, ({ tenant }) => partitionOf(tenant, partitions))) {
      const records = mine.map(({ tenant, value }) => ({ key: tenant, value }))
      yield ['findings', partition, records]
    }
    if (partitioner !== undefined) {
      for (const [partition, mine] of signalsByTarget(signals, partitioner, log.partitions('signals'))) {
        yield ['signals', partition, [...recordsOf(mine, source, giveUp)]]
      }
    }
    if (letters.length > 0) {
      yield ['dead-letters', 0, letters.map((letter) => ({ key: null, value: Buffer.from(JSON.stringify(letter)) }))]
    }
  }

  return {
    get size() {
      return findings.length + signals.length + letters.length
    },
    findings: (more, foundAt) => {
      for (const finding of more) {
        findings.push({ tenant: finding.tenant, value: Buffer.from(writeFindingRecord(finding, foundAt)) })
      }
    },
    signals: (more) => {
      for (const signal of more) signals.push(signal)
    },
    trouble: giveUp,
    async flush(source, context) {
      const partitioner = signals.length === 0 ? undefined : await partitioning.partitioner()
      const writes = [...targets(source, partitioner)]
      findings = []
      signals = []
      letters = []
      const results = await Promise.allSettled(
        writes.map(async ([topic, partition, records]) => {
          for (const load of loads(records)) await append(log, [topic, partition, load], context)
        }),
      )
      // All are waited for, so that nothing of this worker is on its way when it stops.
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}
