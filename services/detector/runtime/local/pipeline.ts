/**
 * Both stages in memory, without a log: for replay, eval, prove and tests. Events go in, findings come out.
 *
 * It reads its input as an import: one receipt time for all frames, which must be after every event, and ticks at the end
 * until every candidate is decided and every window closed. Everything here is synchronous and reads no clock.
 */
import { type Event, type EventRow, rowOf } from '../../../../schemas/event.ts'
import type { Finding } from '../../../../schemas/finding.ts'
import type { StageStats } from '../../engine/index.ts'
import type { StageTopic } from '../stage-topics.ts'
import { sumStats } from '../sum-stats.ts'
import { createLocalFirst, type FirstCounts, type FirstOptions, type LocalFirst } from './first.ts'
import type { LocalOptions } from './lanes.ts'
import { createNewest } from './newest.ts'
import { createLocalSecond, type SecondOptions } from './second.ts'

export interface LocalPipelineOptions
  extends LocalOptions,
    Pick<FirstOptions, 'frameEventsMax'>,
    Pick<SecondOptions, 'onSignalRecord'> {
  /** Called for every finding as it is made: the second revision of one, and repeats after a fault, too. */
  readonly onFinding?: (finding: Finding, stage: StageTopic) => void
}

export interface LocalPipeline extends Pick<LocalFirst, 'rows' | 'flush'> {
  /** The same for events that were in no frame yet. */
  events(events: readonly Event[]): void
  /** Flushes, then ticks until nothing is pending. */
  finish(): void
  /** Newest revision of each finding, ordered by event time, then id. */
  findings(): Finding[]
  readonly counts: FirstCounts
  /** The stages' figures added up, of both stages. */
  stats(): StageStats
}

/** The row of an event as a frame gives it back. */
const readRowOf = (event: Event): EventRow => JSON.parse(JSON.stringify(rowOf(event))) as EventRow

export function createLocalPipeline(options: LocalPipelineOptions): LocalPipeline {
  const newest = createNewest()
  const found =
    (stage: StageTopic) =>
    (finding: Finding): void => {
      options.onFinding?.(finding, stage)
      newest.add(finding)
    }
  const second = createLocalSecond({ ...options, onFinding: found('signals') })
  const first = createLocalFirst({
    ...options,
    onFinding: found('events'),
    onSignals: ({ target, value }) => second.append(target, value),
  })
  return {
    rows: first.rows,
    flush: first.flush,
    events: (events) => first.rows(events.map(readRowOf)),
    finish() {
      first.flush()
      first.settle()
      second.settle()
    },
    findings: newest.all,
    counts: first.counts,
    stats: () => sumStats([first.stats(), second.stats()]),
  }
}
