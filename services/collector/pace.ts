/**
 * Keeps the event loop free for tenants that send little while another one sends much. A tenant that has sent clearly more
 * events of late than the tenants do on average goes on only once the loop has rested enough since the last such request.
 * A tenant that is alone sends just the average and never waits, nor does anybody while the loop has time. What waits is
 * acknowledged later, so that its sender slows down; nothing is refused, and none waits longer than a bound.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { LIMITS } from '../../schemas/limits.ts'
import { createFairQueue } from '../lib/fair-queue.ts'
import { createUsage } from '../lib/usage.ts'

export interface Pace {
  /** Resolves when a request of the tenant may go on. */
  turn(tenant: string): Promise<void>
  /** The tenant has sent so many events. */
  count(tenant: string, events: number): void
}

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

  /** Lets one go if the loop has rested, and whoever has waited long. */
  function release(): void {
    const due = performance.now() - LIMITS.pace_wait_ms_max
    let isOneFree = hasRested()
    for (;;) {
      const one = waiting.next((_tenant, { since }) => isOneFree || since <= due)
      if (one === undefined) break
      isOneFree = false
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
      if (!sent.isAbove(LIMITS.pace_times_average, tenant, since)) return
      if (waiting.size() === 0 && hasRested()) return loop.beginAnew()
      await new Promise<void>((go) => {
        waiting.push(tenant, { since, go })
        timer ??= setInterval(release, LIMITS.pace_every_ms)
      })
    },
    count: (tenant, events) => sent.add(tenant, events, performance.now()),
  }
}
