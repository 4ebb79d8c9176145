/**
 * What records brought about, on its way to the log: findings to `findings`, signals to `signals`, what could not be
 * processed to `dead-letters`. One append is under way for each target partition, and different targets are written at
 * the same time; nothing of a later record is written before all of an earlier one is durable.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type DeadLetter, deadLetterOf, type DeadLetterReason } from '../../../schemas/dead-letter.ts'
import { type Finding, writeFindingRecord } from '../../../schemas/finding.ts'
import { partitionOf } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Partitioner } from '../../../schemas/partitioning.ts'
import type { Signal } from '../../../schemas/signal.ts'
import type { Clock } from '../../lib/clock.ts'
import { appendHalving, type Halving } from '../../lib/log/halving.ts'
import { appendLetters } from '../../lib/log/letters.ts'
import { type BatchContext, type Log, LogError, type RecordInput } from '../../lib/log/port.ts'
import type { Partitioning } from '../../lib/partitioning.ts'
import type { Turns } from '../../lib/turns.ts'
import {
  cutSignals,
  encodeSignalLines,
  middleOfSignals,
  type SignalLine,
  type SignalSource,
  signalsByTarget,
} from './signal-frames.ts'

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
  /** `foundAt`: the log's time in ms; `sinceOf`: when the agent of a finding began, as far as its stage knows. */
  findings(findings: readonly Finding[], foundAt: number, sinceOf: (finding: Finding) => number | undefined): void
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

/** Runs of items that one append takes. */
function* loads<T extends { readonly value: Buffer }>(items: readonly T[]): Generator<T[]> {
  let load: T[] = []
  let bytes = 0
  for (const item of items) {
    if (load.length > 0 && bytes + item.value.length > LIMITS.log_record_bytes_max) {
      yield load
      load = []
      bytes = 0
    }
    load.push(item)
    bytes += item.value.length
  }
  if (load.length > 0) yield load
}

/** Holds the record as base64, cut; `origin` says where the whole record is. */
function letterOf({ topic, partition, offset, reason, detail, record: bytes }: Trouble, time: number): DeadLetter {
  const record = bytes.subarray(0, Math.floor((LIMITS.dead_letter_record_chars_max * 3) / 4)).toString('base64')
  return deadLetterOf({ time, service: 'detector', origin: `${topic}/${partition}/${offset}`, reason, detail, record })
}

interface FoundRecord {
  readonly tenant: string
  readonly id: string
  readonly value: Buffer
}

/** What the log will not take, however it is cut: a letter of it, in its own words where it is text. */
function refusedLetter(
  kind: 'finding' | 'signal',
  { tenant, id, record }: { readonly tenant: string; readonly id: string; readonly record: string },
  detail: string,
  now: number,
): DeadLetter {
  const origin = `${kind}/${id}`
  return deadLetterOf({ tenant, time: now, service: 'detector', origin, reason: 'refused', detail, record })
}

/** One flush on its way to the log. */
interface Flush {
  readonly source: SignalSource
  now(): number
  readonly turns: Turns
  append(topic: string, partition: number, records: readonly RecordInput[]): Promise<void>
}

/** Answers letters of those that the log does not take. */
async function writeFindings(flush: Flush, partition: number, findings: readonly FoundRecord[]): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  const encode = ([found]: readonly FoundRecord[]): RecordInput => ({
    key: found?.tenant ?? '',
    value: found?.value ?? null,
  })
  for (const load of loads(findings)) {
    const refused = await appendHalving(
      load.map((found) => [found]),
      { encode, append: (records) => flush.append('findings', partition, records) },
    )
    for (const { item, reason } of refused) {
      letters.push(refusedLetter('finding', { ...item, record: item.value.toString('utf8') }, reason, flush.now()))
    }
  }
  return letters
}

/**
 * Signals of one record for one partition stand in one frame, because stage two takes each offset of a source once; where the
 * log takes no frame of that size, in several that say so. Answers letters of those that it does not take alone either.
 */
async function writeSignals(flush: Flush, partition: number, signals: readonly Signal[]): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  const halving: Halving<SignalLine> = {
    async encode(lines) {
      // Sixty targets are sixty frames, and each takes a while to compress.
      if (flush.turns.isOver()) await flush.turns.next()
      return { key: null, value: encodeSignalLines(lines, flush.source) }
    },
    middle: middleOfSignals,
    append: (records) => flush.append('signals', partition, records),
  }
  for (const lines of cutSignals(signals)) {
    for (const { item, reason } of await appendHalving([lines], halving)) {
      const { tenant, offset, sequence } = item.signal
      const id = `${flush.source.sourcePartition}/${offset}/${sequence}`
      const detail = `${reason}; stage two does not hear of it`
      letters.push(refusedLetter('signal', { tenant, id, record: item.line }, detail, flush.now()))
    }
  }
  return letters
}

export interface OutputsOptions {
  readonly log: Log
  readonly clock: Clock
  readonly partitioning: Pick<Partitioning, 'partitioner'>
  readonly turns: Turns
}

export function createOutputs({ log, clock, partitioning, turns }: OutputsOptions): Outputs {
  let findings: FoundRecord[] = []
  let signals: Signal[] = []
  let letters: DeadLetter[] = []

  /** What goes to each target, all at the same time. */
  function writes(flush: Flush, partitioner: Partitioner | undefined): Promise<DeadLetter[]>[] {
    const partitions = log.partitions('findings')
    const found = Map.groupBy(findings, ({ tenant }) => partitionOf(tenant, partitions))
    const sent =
      partitioner === undefined ? [] : signalsByTarget(signals, partitioner, log.partitions('signals')).entries()
    return [
      ...[...found].map(([partition, mine]) => writeFindings(flush, partition, mine)),
      ...[...sent].map(([partition, mine]) => writeSignals(flush, partition, mine)),
    ]
  }

  return {
    get size() {
      return findings.length + signals.length + letters.length
    },
    findings: (more, foundAt, sinceOf) => {
      for (const finding of more) {
        const value = Buffer.from(writeFindingRecord(finding, { foundAt, agentSince: sinceOf(finding) }))
        findings.push({ tenant: finding.tenant, id: finding.id, value })
      }
    },
    signals: (more) => {
      for (const signal of more) signals.push(signal)
    },
    trouble(trouble) {
      letters.push(letterOf(trouble, clock.now()))
    },
    async flush(source, context) {
      const partitioner = signals.length === 0 ? undefined : await partitioning.partitioner()
      const put: Flush['append'] = (topic, partition, records) => append(log, [topic, partition, records], context)
      const underWay = writes({ source, now: clock.now, turns, append: put }, partitioner)
      const own = letters
      findings = []
      signals = []
      letters = []
      const results = await Promise.allSettled([
        appendLetters(own, (records) => put('dead-letters', 0, records)),
        ...underWay,
      ])
      // All are waited for, so that nothing of this worker is on its way when it stops.
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      const refused = (await Promise.all(underWay)).flat()
      await appendLetters(refused, (records) => put('dead-letters', 0, records))
    },
  }
}
