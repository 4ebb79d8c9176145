/**
 * A consumer that restarts after a moment whenever it stops, for as long as it is wanted. Its handlers say where to read
 * on, so a restart repeats at most what they have not made durable.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import type { ConsumeOptions, Consumer, Log } from './port.ts'

export interface SteadyConsumer {
  /** Begins to consume. Throws LogError where the log cannot be read. */
  start(): Promise<void>
  /** Finishes the current batches, stops the handlers, leaves the group; nothing begins again. */
  stop(): Promise<void>
  /** Undefined between two lives. */
  current(): Consumer | undefined
}

export interface SteadyConsumerOptions extends Omit<ConsumeOptions, 'onStopped'> {
  readonly log: Log
  readonly logger: Logger
  /** What is interrupted meanwhile, for the log: "reading the state". */
  readonly what: string
  /** A life has ended; all its handlers have stopped. */
  onEnded?(): Promise<void> | void
  /** Asked before each new life; false: it stays stopped. Default: always. */
  mayBegin?(): boolean
}

const RESTART_MS = 1_000

export function createSteadyConsumer({
  log,
  logger,
  what,
  onEnded,
  mayBegin = () => true,
  ...options
}: SteadyConsumerOptions): SteadyConsumer {
  const stopping = new AbortController()
  let consumer: Consumer | undefined
  let resting: Promise<void> = Promise.resolve()

  async function open(): Promise<void> {
    consumer = await log.consume({
      ...options,
      onStopped(reason) {
        if (stopping.signal.aborted) return
        logger.warn({ reason: reason.message }, `${what} stopped; it begins again`)
        resting = again()
      },
    })
  }

  async function again(): Promise<void> {
    const ended = consumer
    consumer = undefined
    await ended?.close().catch(() => undefined)
    await onEnded?.()
    while (!stopping.signal.aborted) {
      await wait(RESTART_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted || !mayBegin()) return
      try {
        await open()
        return
      } catch (error) {
        logger.warn({ reason: (error as Error).message }, `${what} cannot begin again yet`)
      }
    }
  }

  return {
    start: open,
    async stop() {
      stopping.abort()
      await resting
      await consumer?.close()
    },
    current: () => consumer,
  }
}
