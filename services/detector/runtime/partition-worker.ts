/**
 * One partition of one stage in this process: restores its state from the newest whole snapshot, applies records, writes
 * their output, and writes snapshots. The core knows nothing of this.
 *
 * Recovery depends on the order. Outputs are durable before the position moves. A snapshot is taken only at the position,
 * between two batches. After a failure nothing more is written; the next worker starts from the newest snapshot and
 * repeats what this one may have written.
 */
import { decodeControl, decodeHeader, FrameError } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import { type Batch, type BatchContext, type Log, LogError, type PartitionHandler } from '../../lib/log/port.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import { type Applied, type SectionContent, sectionsIn, type Stage, type StageSnapshot } from '../engine/index.ts'
import type { Partitioning } from '../../lib/partitioning.ts'
import type { Turns } from '../../lib/turns.ts'
import type { Gate } from './gate.ts'
import { createOutputs } from './outputs.ts'
import type { SectionReader } from './sections.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { StageTopic } from './stage-topics.ts'
import type { Ticker, Ticking } from './ticker.ts'
import { nameOfRecord, type RecordPlace, type UnderWay, workOn } from './under-way.ts'

export interface WorkerDeps {
  readonly log: Log
  readonly partitioning: Partitioning
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly store: SnapshotStore
  /** Snapshots are taken and written one at a time, so that no pause is long. */
  readonly gate: Gate
  readonly ticker: Ticker
  /** Of all partitions together. */
  readonly turns: Turns
  /** `held`: the sections that the snapshot names, by hash. */
  createStage(
    topic: StageTopic,
    partition: number,
    snapshot: StageSnapshot | undefined,
    held: ReadonlyMap<string, SectionContent>,
  ): Stage
  readonly section: SectionReader
  /** Names of records that a bug met: they are left out, now and whenever the partition is restored in this process. */
  readonly poisoned: Set<string>
  /** Names of records at which detection has ended before: they become dead letters. */
  readonly givenUp: ReadonlySet<string>
  readonly underWay: UnderWay
  /** A person has decided to go on behind records that are gone. */
  readonly acceptGaps: boolean
  /** A position has moved. */
  onProgress(): void
}

export interface PartitionWorker extends PartitionHandler, Ticking {
  readonly stage: Stage | undefined
  /** Offset of the next record whose outputs are not durable yet. */
  readonly position: number
  /** Records behind the position, as far as is known. */
  readonly lag: number
  /** When changes began that no snapshot holds, in ms since 1970; undefined if there are none. */
  readonly unsavedSince: number | undefined
  /** Compressed size of the newest snapshot in bytes. */
  readonly snapshotBytes: number
}

/** A record met a bug: the state may be half changed, so it is rebuilt without the record. */
class PoisonError extends Error {
  override readonly name = 'PoisonError'
}

class Worker implements PartitionWorker {
  readonly topic: StageTopic
  readonly partition: number
  stage: Stage | undefined
  position = 0
  unsavedSince: number | undefined
  snapshotBytes = 0
  readonly #deps: WorkerDeps
  readonly #outputs
  #end = 0
  #busy = false
  /** Something failed after the state had moved on: it is worth nothing any more. */
  #broken = false
  #eventsUnsaved = 0
  #snapshotTimer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  /** Called at the end of the current batch. */
  #onQuiet: (() => void) | undefined

  constructor(topic: StageTopic, partition: number, deps: WorkerDeps) {
    this.topic = topic
    this.partition = partition
    this.#deps = deps
    this.#outputs = createOutputs(deps)
  }

  get pending(): boolean {
    return !this.#broken && this.stage?.pending === true
  }
  get urgent(): boolean {
    return this.stage?.urgent === true
  }
  get logTime(): number {
    return this.stage?.logTime ?? 0
  }
  get behind(): boolean {
    return this.#busy || this.lag > 0
  }
  get lag(): number {
    return Math.max(0, this.#end - this.position)
  }

  async start(): Promise<number> {
    const { log, clock, store, logger, metrics, ticker } = this.#deps
    const place = { topic: this.topic, partition: this.partition }
    const began = clock.now()
    const [{ snapshot, damaged }, bounds] = await Promise.all([
      store.newest(this.topic, this.partition),
      log.bounds(this.topic, this.partition),
    ])
    if (damaged.length > 0) {
      metrics.snapshots.inc({ stage: this.topic, outcome: 'damaged' }, damaged.length)
      logger.warn({ ...place, damaged, used: snapshot?.offset ?? null }, 'snapshots are damaged: an older one is used')
    }
    if (snapshot === undefined && damaged.length > 0 && bounds.start > 0) {
      throw new LogError(
        'offset_out_of_range',
        `all snapshots of ${this.topic}/${this.partition} are damaged, and the log no longer reaches back to its beginning: what was learned cannot be rebuilt. Remove the snapshots of this partition to start learning anew`,
      )
    }
    const held = await this.#sectionsOf(snapshot)
    this.stage = this.#deps.createStage(this.topic, this.partition, snapshot, held)
    this.position = this.#beginning(snapshot?.offset ?? bounds.start, bounds.start)
    this.#end = bounds.end
    if (snapshot !== undefined) {
      metrics.restoreSeconds.observe((clock.now() - began) / 1000)
      logger.debug({ ...place, offset: snapshot.offset, behind: this.lag }, 'state restored')
    }
    ticker.plan(this, true)
    return this.position
  }

  async #sectionsOf(snapshot: StageSnapshot | undefined): Promise<Map<string, SectionContent>> {
    const held = new Map<string, SectionContent>()
    for (const [hash, name] of snapshot === undefined ? [] : sectionsIn(snapshot)) {
      held.set(hash, await this.#section(name, hash, 'a snapshot of '))
    }
    return held
  }

  /** The content was written before the record that names it: it will appear, or a person restores it. */
  async #section(name: string, hash: string, where: string): Promise<SectionContent> {
    const content = await this.#deps.section(name, hash)
    if (content !== undefined) return content
    throw new LogError(
      'log_unavailable',
      `${where}${this.topic}/${this.partition} names the section ${name} ${hash}, and the topic state does not hold it, or this version does not know it`,
    )
  }

  /**
   * Where to continue. Records that are gone are skipped if a person has allowed it; otherwise the log refuses the
   * offset.
   */
  #beginning(wanted: number, start: number): number {
    if (wanted >= start || !this.#deps.acceptGaps) return wanted
    const { topic, partition } = this
    this.#deps.logger.error({ topic, partition, from: wanted, to: start }, 'going on behind records that are gone')
    return start
  }

  async process(batch: Batch, context: BatchContext): Promise<void> {
    this.#busy = true
    this.#end = Math.max(this.#end, batch.endOffset)
    try {
      const events = await this.#applyAll(batch, context)
      const last = batch.records.at(-1)
      await this.#flush(context)
      if (last !== undefined) this.position = last.offset + 1
      this.#busy = false
      this.#deps.onProgress()
      this.#deps.ticker.plan(this, events > 0)
      this.#considerSnapshot()
    } catch (error) {
      this.#broken = true
      if (!(error instanceof PoisonError)) throw error
      // What the record's neighbours brought about is repeated by the next worker; its letter is not lost before.
      await this.#flush(context)
      throw error
    } finally {
      this.#busy = false
      this.#onQuiet?.()
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#snapshotTimer)
    this.#deps.ticker.forget(this)
    await this.#writing
    if (!this.#broken && this.unsavedSince !== undefined) await this.#save()
  }

  /** Applies every record; answers how many events or signals there were, repeats included. */
  async #applyAll(batch: Batch, context: BatchContext): Promise<number> {
    const { metrics, turns } = this.#deps
    const labels = { stage: this.topic === 'events' ? 'one' : 'two' }
    let events = 0
    for (const { offset, value } of batch.records) {
      if (value === null || this.#isLeftOut(offset, value)) continue
      if (turns.isOver()) await this.#turn(context)
      const applied = await this.#apply(offset, value, context)
      if (applied === undefined) continue
      metrics.eventsProcessed.inc(labels, applied.count)
      metrics.detectorRepeats.inc({ stage: this.topic }, applied.repeats)
      if (applied.behind > 0) metrics.eventsUntimed.inc({ reason: 'behind' }, applied.behind)
      events += applied.count + applied.repeats
      if (this.#outputs.size >= LIMITS.outputs_waiting_max) await this.#flush(context)
    }
    return events
  }

  async #turn({ signal }: BatchContext, begun = false): Promise<void> {
    await this.#deps.turns.next(begun)
    if (signal.aborted) throw new LogError('lease_lost', `${this.topic}/${this.partition} went elsewhere`)
  }

  async #apply(offset: number, value: Buffer, context: BatchContext): Promise<Applied | undefined> {
    const stage = this.stage as Stage
    let applied: Applied
    let isControl: boolean
    let receiptTime: number
    try {
      const header = decodeHeader(value)
      isControl = header.kind === 'control'
      receiptTime = header.receipt_time
      const content = isControl ? await this.#contentFor(value) : undefined
      const steps = stage.applySteps({ offset, value }, content)
      const place = this.#place(offset)
      const next = () => workOn(this.#deps.underWay, place, () => steps.next())
      let step = next()
      for (; step.done !== true; step = next()) if (this.#deps.turns.isOver()) await this.#turn(context, true)
      applied = step.value
    } catch (error) {
      return this.#refuse(offset, value, error)
    }
    // Log time of stage two is that of ticks, and none comes while nothing is pending.
    const foundAt = Math.max(stage.logTime, receiptTime)
    this.#outputs.findings(applied.findings, foundAt, ({ tenant, agent }) => stage.knownSince(tenant, agent))
    this.#outputs.signals(applied.signals)
    for (const { row, reason } of applied.problems) {
      this.#trouble(offset, value, 'invalid', `row ${row}: ${reason}`)
    }
    for (const { detector, severity, mode, revision } of applied.findings) {
      if (revision === 1) this.#deps.metrics.findings.inc({ detector, severity, mode })
    }
    this.#eventsUnsaved += applied.count
    // Ticks alone are not worth a snapshot: reading them again costs less.
    if (applied.count > 0 || isControl) this.unsavedSince ??= this.#deps.clock.now()
    return applied
  }

  /** What a config control record names. */
  async #contentFor(value: Buffer): Promise<SectionContent | undefined> {
    const control = decodeControl(value)
    if (control.type !== 'config') return undefined
    return this.#section(control.name, control.hash, '')
  }

  /**
   * A record that is not ours becomes a dead letter, and its neighbours go on. A record that a bug stumbles over does too,
   * but the state that it left behind cannot be trusted: the worker starts again from its snapshot without it.
   */
  #refuse(offset: number, value: Buffer, error: unknown): undefined {
    if (error instanceof LogError) throw error
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    if (error instanceof FrameError) {
      this.#trouble(offset, value, 'malformed', error.message)
      this.unsavedSince ??= this.#deps.clock.now()
      return undefined
    }
    this.#deps.logger.error(
      { err: error, topic: this.topic, partition: this.partition, offset },
      'a bug met this record: it goes to the dead letters, and the partition is rebuilt without it',
    )
    this.#trouble(offset, value, 'poison', reason)
    const name = nameOfRecord(this.#place(offset))
    this.#deps.poisoned.add(name)
    throw new PoisonError(`${name}: ${reason}`)
  }

  #place(offset: number): RecordPlace {
    return { topic: this.topic, partition: this.partition, offset }
  }

  /** Whether the partition goes on without this record; one that was given up becomes a dead letter here. */
  #isLeftOut(offset: number, value: Buffer): boolean {
    const place = this.#place(offset)
    const name = nameOfRecord(place)
    if (this.#deps.poisoned.has(name)) return true
    if (!this.#deps.givenUp.has(name)) return false
    this.#deps.logger.error(place, 'detection ended twice at this record: it goes to the dead letters')
    this.#trouble(offset, value, 'poison', 'detection ended twice at this record, please report it')
    this.unsavedSince ??= this.#deps.clock.now()
    return true
  }

  #trouble(offset: number, record: Buffer, reason: 'malformed' | 'invalid' | 'poison', detail: string): void {
    this.#deps.metrics.deadLetters.inc({ service: 'detector', reason })
    this.#outputs.trouble({ topic: this.topic, partition: this.partition, offset, reason, detail, record })
  }

  async #flush(context: BatchContext): Promise<void> {
    if (this.#outputs.size === 0) return
    const stage = this.stage as Stage
    await this.#outputs.flush({ sourcePartition: this.partition, epoch: stage.epoch, logTime: stage.logTime }, context)
  }

  /** Plans a snapshot if there is enough to save or enough time has passed. */
  #considerSnapshot(): void {
    if (this.unsavedSince === undefined || this.#writing !== undefined) return
    if (this.#eventsUnsaved >= LIMITS.snapshot_every_events) {
      this.#saveLater()
    } else if (this.#snapshotTimer === undefined) {
      this.#snapshotTimer = setTimeout(() => this.#saveLater(), LIMITS.snapshot_every_ms)
      this.#snapshotTimer.unref()
    }
  }

  #saveLater(): void {
    clearTimeout(this.#snapshotTimer)
    this.#snapshotTimer = undefined
    this.#writing ??= this.#save().finally(() => {
      this.#writing = undefined
    })
  }

  /** Resolves between two batches. */
  async #quiet(): Promise<void> {
    while (this.#busy) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#onQuiet = resolve
      await promise
    }
    this.#onQuiet = undefined
  }

  /** Takes a snapshot and writes it while the partition continues. A failed snapshot only makes recovery longer. */
  async #save(): Promise<void> {
    const { gate, store, clock, logger, metrics } = this.#deps
    const stage = this.topic
    await gate.run(async () => {
      await this.#quiet()
      if (this.#broken || this.stage === undefined || this.unsavedSince === undefined) return
      const began = clock.now()
      const [unsavedSince, events] = [this.unsavedSince, this.#eventsUnsaved]
      this.unsavedSince = undefined
      this.#eventsUnsaved = 0
      try {
        const snapshot = { ...this.stage.snapshot(), offset: this.position }
        const bytes = await store.write(snapshot)
        if (bytes > 0) this.snapshotBytes = bytes
        metrics.snapshots.inc({ stage, outcome: 'written' })
        metrics.snapshotSeconds.observe((clock.now() - began) / 1000)
      } catch (error) {
        this.unsavedSince = unsavedSince
        this.#eventsUnsaved += events
        metrics.snapshots.inc({ stage, outcome: 'failed' })
        logger.warn(
          { topic: stage, partition: this.partition, reason: (error as Error).message },
          'a snapshot was not written; the one before it holds',
        )
      }
    })
  }
}

export const createPartitionWorker = (topic: StageTopic, partition: number, deps: WorkerDeps): PartitionWorker =>
  new Worker(topic, partition, deps)
