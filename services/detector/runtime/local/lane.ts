/**
 * One partition of one stage in memory: takes records, passes on their output, and can be made to fail as a worker fails.
 * Whatever happens, the stage sees the same records in the same order, and what was written before a crash is written
 * again. `prove` proves that this changes nothing.
 */
import type { Applied, Stage, StageRecord, StageSnapshot } from '../../engine/index.ts'
import type { StageTopic } from '../stage-topics.ts'
import { throughBytes } from '../snapshot-codec.ts'

/**
 * none; save: a snapshot is written; restart: a snapshot is written and the stage starts from its bytes; crash: the
 * stage dies while it writes the outputs of the record, and another starts from the newest snapshot that was saved.
 */
export type Fault = 'none' | 'save' | 'restart' | 'crash'

export interface LaneOptions {
  create(snapshot?: StageSnapshot): Stage
  /** Which fault follows a record; undefined for a lane that never fails, which then keeps no records. */
  readonly fault: ((stage: StageTopic, partition: number, offset: number) => Fault) | undefined
  output(applied: Applied, lane: Lane, half: boolean): void
}

export interface Lane {
  readonly stage: Stage
  /** Appends a record and applies it. `rows`: see StageRecord. */
  append(value: Buffer, rows?: StageRecord['rows']): Applied
}

interface Saved {
  readonly snapshot: StageSnapshot | undefined
  /** Records since then, to be read again after a crash. */
  readonly since: StageRecord[]
}

export function createLane({ create, fault, output }: LaneOptions): Lane {
  let stage = create()
  let next = 0
  let saved: Saved = { snapshot: undefined, since: [] }

  const save = (): void => {
    saved = { snapshot: throughBytes(stage.snapshot()), since: [] }
  }

  function recover(): void {
    stage = create(saved.snapshot)
    for (const record of saved.since) output(stage.apply(record), lane, false)
  }

  const lane: Lane = {
    get stage() {
      return stage
    },
    append(value, rows) {
      const record = { offset: next++, value, ...(rows === undefined ? {} : { rows }) }
      const what = fault?.(stage.stage, stage.partition, record.offset) ?? 'none'
      if (fault !== undefined) saved.since.push(record)
      const applied = stage.apply(record)
      output(applied, lane, what === 'crash')
      if (what === 'crash') recover()
      if (what === 'save' || what === 'restart') save()
      if (what === 'restart') stage = create(saved.snapshot)
      return applied
    },
  }
  return lane
}
