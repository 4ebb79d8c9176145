/** What the dispatcher works with and what it remembers between two deliveries. */
import type { Delivery } from '../../../schemas/delivery.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Sink } from '../../lib/config.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { Deliveries } from '../deliveries/index.ts'
import type { Quarantines } from '../quarantines/index.ts'
import type { Sinks } from '../sink-states.ts'
import type { OpenSink } from '../sinks/open.ts'
import type { StateStore } from '../store.ts'
import type { Timers } from '../timers.ts'
import type { Schedules } from './delays.ts'
import type { Lane } from './lane.ts'
import type { WithWords } from '../words.ts'

export interface DispatcherDeps extends Schedules {
  readonly store: StateStore
  readonly deliveries: Deliveries
  readonly sinks: Sinks
  readonly quarantines: Quarantines
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly metrics: Metrics
  openSink(sink: Sink): OpenSink
  /** Adds the words behind a finding. */
  readonly withWords: WithWords
  /** Keeps the dead letter; durable when it resolves. */
  deadLetter(delivery: Delivery, reason: string): Promise<void>
  /** Notifies other sinks that this one is in trouble. */
  tellTrouble(delivery: Delivery, type: 'sink.disabled' | 'sink.failing', detail: string): Promise<void>
  /** The log takes no state any more: the responder must not go on. */
  onFatal(error: Error): void
}

export interface Dispatching {
  readonly deps: DispatcherDeps
  /** By name of the sink. */
  readonly lanes: Map<string, Lane>
  stopping: boolean
}

/** Work that nobody waits for: where the log does not take its outcome the responder ends, unless it is stopping anyway. */
export const guarded = (dispatching: Dispatching, work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    if (!dispatching.stopping) dispatching.deps.onFatal(error as Error)
  })
