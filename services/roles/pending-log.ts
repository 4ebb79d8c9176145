/**
 * A log that is being reached. A process that starts while the brokers are away answers its probes and refuses work as it
 * would later, instead of dying and being started again; when the log is there, everything goes to it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Log, LogError } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'

export interface PendingLog extends Log {
  /**
   * Begins to reach it. Resolves when the log is open; rejects with what no waiting mends (LogError), and when it is closed
   * before.
   */
  open(): Promise<void>
}

const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 5_000

export function createPendingLog(open: () => Promise<Log>, logger: Logger): PendingLog {
  const closing = new AbortController()
  let log: Log | undefined
  let opening: Promise<void> | undefined
  let reason = 'the log is being reached'

  async function reach(): Promise<void> {
    for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
      try {
        const reached = await open()
        if (!closing.signal.aborted) {
          log = reached
          return
        }
        await reached.close()
      } catch (error) {
        if (!(error instanceof LogError) || !error.retriable) throw error
        if (error.message !== reason) logger.warn({ reason: error.message }, 'the log cannot be reached yet')
        reason = error.message
        await wait(waitMs, undefined, { signal: closing.signal }).catch(() => undefined)
      }
      if (closing.signal.aborted) throw new LogError('log_unavailable', 'stopped before the log was reached')
    }
  }

  const there = (): Log => {
    if (log === undefined) throw new LogError('log_unavailable', reason)
    return log
  }
  return {
    open: () => (opening ??= reach()),
    ensureTopics: async (specs) => there().ensureTopics(specs),
    partitions: (topic) => there().partitions(topic),
    append: async (topic, partition, records) => there().append(topic, partition, records),
    read: (topic, partition, from) => there().read(topic, partition, from),
    bounds: async (topic, partition) => there().bounds(topic, partition),
    committed: async (group, topic, partition) => there().committed(group, topic, partition),
    consume: async (options) => there().consume(options),
    health: async () => log?.health() ?? { ok: false, reason },
    maintain: async () => there().maintain(),
    async close() {
      closing.abort()
      await opening?.catch(() => undefined)
      await log?.close()
    },
  }
}
