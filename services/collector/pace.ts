/**
 * Keeps the event loop free for tenants that send little while another one sends much. A tenant that has sent clearly more
 * of late than the tenants do on average goes on only once the loop has rested enough since the last such request.
 * A tenant that is alone sends just the average and never waits, nor does anybody while the loop has time. What waits is
 * acknowledged later, so that its sender slows down; nothing is refused, and who has waited long goes on whatever the loop
 * does.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { LIMITS } from '../../schemas/limits.ts'
import { createFairQueue } from '../lib/fair-queue.ts'
import { createUsage } from '../lib/usage.ts'

export interface Pace {
  /**
   * Resolves when a request of the tenant may go on: before its body is read, because unpacking that takes time, too. Answers
   * whether the tenant is modest: it has sent clearly less than the tenants do on average, so that others give way to it.
   */
  turn(tenant: string): Promise<boolean>
  /** The tenant has sent so many events in a body of so many bytes, unpacked. A body without events takes its time as well. */
  count(tenant: string, events: number, bytes: number): void
}

/** An ordinary one has about so many. */
const BYTES_OF_AN_EVENT = 1_024

/** How busy an event loop has been since it was last asked to begin anew. */
export interface LoopWatch {
  beginAnew(): void
  /** 0 to 1. */
  busy(): number
}

interface Waiting {
  /** ms of `performance.now()`. */
  readonly since: number
  readonly go: () => void
}

/** The loop of this thread. */
function watchLoop(): LoopWatch {
  let since: EventLoopUtilization = performance.eventLoopUtilization()
  return {
    beginAnew() {
      since = performance.eventLoopUtilization()
    },
    busy: () => performance.eventLoopUtilization(since).utilization,
  }
}

export function createPace(loop: LoopWatch = watchLoop()): Pace {
  const sent = createUsage()
  const waiting = createFairQueue<Waiting>()
  let timer: NodeJS.Timeout | undefined
  const hasRested = (): boolean => loop.busy() <= LIMITS.pace_busy_max

  /** Lets one go if the loop has rested, or who has waited long: not all of those at once, which would be a burst. */
  function release(): void {
    const due = performance.now() - LIMITS.pace_wait_ms_max
    const isRested = hasRested()
    const one = waiting.next((_tenant, { since }) => isRested || since <= due)
    if (one !== undefined) {
      loop.beginAnew()
      one.go()
    }
    if (waiting.size() > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    async turn(tenant) {
      const since = performance.now()
      const times = sent.timesAverage(tenant, since)
      if (times <= LIMITS.pace_times_average) return times < LIMITS.pace_modest_times_average
      if (waiting.size() === 0 && hasRested()) loop.beginAnew()
      else
        await new Promise<void>((go) => {
          waiting.push(tenant, { since, go })
          timer ??= setInterval(release, LIMITS.pace_every_ms)
        })
      return false
    },
    count: (tenant, events, bytes) => sent.add(tenant, Math.max(events, bytes / BYTES_OF_AN_EVENT), performance.now()),
  }
}
