/**
 * Appends ticks to the partitions of this process while something in them waits for log time, and does nothing while
 * nothing does: an idle service has no timer running. All partitions share one timer, and what is due at about the same
 * time goes to the log together, so that the ticks of many partitions cost one fsync.
 */
import { EVENT_SCHEMA_VERSION } from '../../../schemas/event.ts'
import { encodeTick } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { SIGNAL_SCHEMA_VERSION } from '../../../schemas/signal.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/port.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { Stage } from '../engine/index.ts'
import type { Watermark } from './watermark.ts'

/** What the ticker asks of a partition. */
export interface Ticking {
  readonly topic: Stage['stage']
  readonly partition: number
  readonly pending: boolean
  readonly urgent: boolean
  /** Log time of the stage in ms: a tick that says no more than this is not worth its bytes. */
  readonly logTime: number
  /** Records wait to be processed: they come first, and ticks are planned anew after them. */
  readonly behind: boolean
}

export interface Ticker {
  /** Plans the next tick of a partition. `afterFrame`: events came, and the first tick follows them quickly. */
  plan(partition: Ticking, afterFrame: boolean): void
  forget(partition: Ticking): void
  /** Appends nothing from now on; resolves when what is under way has ended. */
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

export function createTicker({ log, clock, logger, metrics, watermark }: TickerOptions): Ticker {
  const due = new Map<Ticking, number>()
  let timer: NodeJS.Timeout | undefined
  let firing: Promise<void> = Promise.resolve()
  let stopped = false

  function arm(): void {
    clearTimeout(timer)
    timer = undefined
    if (due.size === 0 || stopped) return
    const delay = Math.max(0, Math.min(...due.values()) - clock.now())
    timer = setTimeout(() => {
      firing = firing.then(fire)
    }, delay)
  }

  /** Stage two's candidates wait for log time alone, and a person waits for them. */
  function again(partition: Ticking): void {
    if (!partition.pending) return
    due.set(partition, nextOnGrid(clock.now(), partition.urgent ? LIMITS.tick_urgent_every_ms : LIMITS.tick_every_ms))
  }

  async function tick(partition: Ticking, time: number): Promise<void> {
    const { topic } = partition
    const schema = topic === 'events' ? EVENT_SCHEMA_VERSION : SIGNAL_SCHEMA_VERSION
    await log.append(topic, partition.partition, [{ key: null, value: encodeTick(schema, time) }])
    metrics.detectorTicks.inc({ topic })
  }

  async function timeFor(topic: Stage['stage']): Promise<number> {
    if (topic === 'events') return clock.now()
    const time = await watermark.current()
    if (time > 0) metrics.watermarkLagSeconds.set((clock.now() - time) / 1000)
    return time
  }

  async function fire(): Promise<void> {
    const until = clock.now() + TOGETHER_MS
    const ready = [...due].filter(([, at]) => at <= until).map(([partition]) => partition)
    for (const partition of ready) due.delete(partition)
    await Promise.all(
      ready.map(async (partition) => {
        try {
          const time = await timeFor(partition.topic)
          // Between planning and now the partition may have come to rest, or have got work to do.
          if (stopped || !partition.pending) return
          const waits = partition.topic === 'events' ? partition.behind : time <= partition.logTime
          if (waits) again(partition)
          else await tick(partition, time)
        } catch (error) {
          logger.debug({ reason: (error as Error).message, ...placeOf(partition) }, 'a tick was not appended')
          again(partition)
        }
      }),
    )
    arm()
  }

  return {
    plan(partition, afterFrame) {
      due.delete(partition)
      if (!partition.pending) return arm()
      if (afterFrame && partition.topic === 'events') due.set(partition, clock.now() + LIMITS.tick_after_frame_ms)
      else again(partition)
      arm()
    },
    forget(partition) {
      due.delete(partition)
      arm()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      due.clear()
      await firing
    },
  }
}

const placeOf = ({ topic, partition }: Ticking) => ({ topic, partition })
