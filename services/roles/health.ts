/** How a process is, as its probes and its inputs tell it: looked at about once a second, and for every probe. */
import type { Readiness } from '../api/index.ts'
import type { Log } from '../lib/log/port.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Clock } from '../lib/clock.ts'
import type { Probes } from './role.ts'

export interface HealthOptions {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
  /** What is missing besides the log, once it has started. */
  reasons(): readonly string[]
  /** Why the process can do nothing more until it is started again. */
  failure(): Error | undefined
}

export interface Health {
  readonly probes: Probes
  /** Resolves when the process can do nothing more. */
  readonly failed: Promise<Error>
  /** The roles do their work from now on. */
  begun(): Promise<void>
  stop(): void
}

/** Why the log takes no appends, in the words of /readyz; nothing while it does. */
async function logReasons(log: Log): Promise<string[]> {
  const health = await log.health()
  return health.ok ? [] : [`the log cannot be written: ${health.reason}`]
}

export function createHealth({ log, clock, metrics, reasons, failure }: HealthOptions): Health {
  let latest: Readiness = { ready: false, reasons: ['starting'] }
  let started = false
  const readiness = async (): Promise<Readiness> => {
    const missing = await logReasons(log)
    if (started) missing.push(...reasons())
    else if (missing.length === 0) missing.push('starting')
    latest = { ready: missing.length === 0, reasons: missing }
    return latest
  }
  const failed = Promise.withResolvers<Error>()
  const watching = setInterval(() => {
    const reason = failure()
    if (reason !== undefined) failed.resolve(reason)
    metrics.clockAheadSeconds.set((clock.aheadMs?.() ?? 0) / 1000)
    void readiness()
  }, LIMITS.health_every_ms).unref()
  return {
    probes: { readiness, failure, latest: () => latest },
    failed: failed.promise,
    async begun() {
      started = true
      await readiness()
    },
    stop: () => clearInterval(watching),
  }
}
