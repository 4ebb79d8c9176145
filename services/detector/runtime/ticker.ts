/**
 * Appends ticks to the partitions of this process while something in them waits for log time. Otherwise no timer runs.
 * All partitions share one timer, and ticks that are due at about the same time are appended together, so that the ticks
 * of many partitions cost one fsync.
 */
import { EVENT_SCHEMA_VERSION } from '../../../schemas/event.ts'
import { encodeTick } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { SIGNAL_SCHEMA_VERSION } from '../../../schemas/signal.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/port.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { StageTopic } from './stage-topics.ts'
import type { Watermark } from './watermark.ts'

/** What the ticker needs from a partition. */
export interface Ticking {
  readonly topic: StageTopic
  readonly partition: number
  readonly pending: boolean
  readonly urgent: boolean
  /** Log time of the stage in ms: a tick that says no more than this is not worth its bytes. */
  readonly logTime: number
  /** Records wait to be processed: they come first, and ticks are rescheduled after them. */
  readonly behind: boolean
}

export interface Ticker {
  /** Plans the next tick of a partition. `afterFrame`: events came, and the first tick follows them quickly. */
  plan(partition: Ticking, afterFrame: boolean): void
  forget(partition: Ticking): void
  /** Appends nothing from now on; resolves when the appends in progress have ended. */
  stop(): Promise<void>
}

export interface TickerOptions {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly watermark: Watermark
}

/** Partitions due within this time of each other are ticked together. */
const TOGETHER_MS = 50

const nextOnGrid = (now: number, everyMs: number): number => (Math.floor(now / everyMs) + 1) * everyMs

/** When each partition gets its next tick. */
interface TickerState {
  readonly options: TickerOptions
  readonly due: Map<Ticking, number>
  timer: NodeJS.Timeout | undefined
  /** When the timer fires, in ms since 1970. */
  firesAt: number
  firing: Promise<void>
  stopped: boolean
}

/** A timer that fires earlier stays: it finds nobody due, and arms the next. Partitions plan anew with every batch. */
function arm(ticking: TickerState): void {
  if (ticking.due.size === 0 || ticking.stopped) {
    clearTimeout(ticking.timer)
    ticking.timer = undefined
    return
  }
  let first = Number.POSITIVE_INFINITY
  for (const at of ticking.due.values()) first = Math.min(first, at)
  if (ticking.timer !== undefined && ticking.firesAt <= first) return
  clearTimeout(ticking.timer)
  ticking.firesAt = first
  ticking.timer = setTimeout(
    () => {
      ticking.timer = undefined
      ticking.firing = ticking.firing.then(() => fire(ticking))
    },
    Math.max(0, first - ticking.options.clock.now()),
  )
}

/** Stage two's candidates wait for log time alone, and a person waits for them. */
function again(ticking: TickerState, partition: Ticking): void {
  if (!partition.pending) return
  ticking.due.set(
    partition,
    nextOnGrid(ticking.options.clock.now(), partition.urgent ? LIMITS.tick_urgent_every_ms : LIMITS.tick_every_ms),
  )
}

async function tick(ticking: TickerState, partition: Ticking, time: number): Promise<void> {
  const { log, metrics } = ticking.options
  const { topic } = partition
  const schema = topic === 'events' ? EVENT_SCHEMA_VERSION : SIGNAL_SCHEMA_VERSION
  await log.append(topic, partition.partition, [{ key: null, value: encodeTick(schema, time) }])
  metrics.detectorTicks.inc({ topic })
}

async function timeFor(ticking: TickerState, topic: StageTopic): Promise<number> {
  const { clock, watermark, metrics } = ticking.options
  if (topic === 'events') return clock.now()
  const time = await watermark.current()
  if (time > 0) metrics.watermarkLagSeconds.set((clock.now() - time) / 1000)
  return time
}

async function fire(ticking: TickerState): Promise<void> {
  const { clock, logger } = ticking.options
  const until = clock.now() + TOGETHER_MS
  const ready = [...ticking.due].filter(([, at]) => at <= until).map(([partition]) => partition)
  for (const partition of ready) ticking.due.delete(partition)
  await Promise.all(
    ready.map(async (partition) => {
      try {
        const time = await timeFor(ticking, partition.topic)
        // Between planning and now the partition may have come to rest, or have got work to do.
        if (ticking.stopped || !partition.pending) return
        const waits = partition.topic === 'events' ? partition.behind : time <= partition.logTime
        if (waits) again(ticking, partition)
        else await tick(ticking, partition, time)
      } catch (error) {
        logger.debug({ reason: (error as Error).message, ...placeOf(partition) }, 'a tick was not appended')
        again(ticking, partition)
      }
    }),
  )
  arm(ticking)
}

export function createTicker(deps: TickerOptions): Ticker {
  const ticking: TickerState = {
    options: deps,
    due: new Map(),
    timer: undefined,
    firesAt: 0,
    firing: Promise.resolve(),
    stopped: false,
  }

  return {
    plan(partition, afterFrame) {
      ticking.due.delete(partition)
      if (!partition.pending) return arm(ticking)
      if (afterFrame && partition.topic === 'events')
        ticking.due.set(partition, deps.clock.now() + LIMITS.tick_after_frame_ms)
      else again(ticking, partition)
      arm(ticking)
    },
    forget(partition) {
      ticking.due.delete(partition)
      arm(ticking)
    },
    async stop() {
      ticking.stopped = true
      clearTimeout(ticking.timer)
      ticking.due.clear()
      await ticking.firing
    },
  }
}

const placeOf = ({ topic, partition }: Ticking) => ({ topic, partition })
