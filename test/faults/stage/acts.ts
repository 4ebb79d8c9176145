/** What several plays do: watch a process, wait for what is to come, look into the topics. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../../../services/lib/log/port.ts'
import type { RunningProcess } from '../../support/processes.ts'
import { until } from '../../support/service.ts'
import type { Scene } from './fault.ts'
import { pass, type ProxiedAnswer, type ProxiedRequest } from './http-proxy.ts'
import { isSeparate, type System } from './system.ts'

const WAIT_MS_MAX = 60_000

/** The sum of a metric over the lines whose labels hold all of `labels`; 0 where there is none. */
export async function metricOf(process: RunningProcess, name: string, labels: readonly string[] = []): Promise<number> {
  const text = await (await fetch(`${process.url}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`moltwatch_${name}`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** Waits until it holds; `what` is told where it does not come true. */
export async function become(what: string, holds: () => Promise<boolean>, msMax = WAIT_MS_MAX): Promise<void> {
  await until(() => holds().catch(() => false), Boolean, msMax).catch(() => {
    throw new Error(`${what}: not within ${msMax} ms`)
  })
}

/** Opens the log for a look and closes it again. */
export async function withLog<T>(system: System, look: (log: Log) => Promise<T>): Promise<T> {
  const log = await system.openLog()
  try {
    return await look(log)
  } finally {
    await log.close()
  }
}

/** Sends up to a share of the load, then meets the next request with `hand`, once, while sending goes on to another share. */
export async function meetRequest(
  { system, shipper }: Scene,
  [from, to]: readonly [number, number],
  hand: (request: ProxiedRequest) => Promise<ProxiedAnswer | 'cut'>,
): Promise<void> {
  await shipper.sendUpTo(from)
  const met = new Promise<void>((resolve, reject) => {
    system.front.handle = async (request) => {
      system.front.handle = pass
      const answer = await hand(request).catch((error: unknown) => {
        reject(error)
        return 'cut' as const
      })
      resolve()
      return answer
    }
  })
  const sending = shipper.sendUpTo(to)
  await met
  await system.start('collector')
  await sending
}

/**
 * Whether no detector has a record left. Stage one is asked first and the whole afterwards: what one process sends to the
 * signals of another could otherwise arrive between the two answers.
 */
async function nothingLeft(system: System): Promise<boolean> {
  for (const labels of [['service="detector"', 'topic="events"'], ['service="detector"']]) {
    const lags = system.of('detector').map((one) => metricOf(one, 'consumer_lag_records', labels))
    if ((await Promise.all(lags)).some((lag) => lag > 0)) return false
  }
  return true
}

/** Waits until the detectors have nothing left to process, as far as they know. */
export const everythingProcessed = (system: System): Promise<void> =>
  become('everything sent is processed', () => nothingLeft(system))

/** Starts detectors where none are left, as many as there are at the beginning. */
export async function startDetectors(system: System): Promise<void> {
  if (isSeparate(system)) await Promise.all([system.startVictim(), system.start('detector')])
  else await system.start('detector')
}

/** Waits a while, in which things may go wrong. */
export const linger = (ms: number): Promise<void> => wait(ms)
