/** What several plays do: watch a process, wait for what is to come, look into the topics. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../../../services/lib/log/port.ts'
import { untilEnough } from '../../support/patience.ts'
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
 * Records that the detectors have left. Stage one is asked first and the whole afterwards: what one process sends to the
 * signals of another could otherwise arrive between the two answers.
 */
async function recordsLeft(system: System): Promise<number> {
  let left = 0
  for (const labels of [['service="detector"', 'topic="events"'], ['service="detector"']]) {
    const lags = system.of('detector').map((one) => metricOf(one, 'consumer_lag_records', labels))
    left = (await Promise.all(lags)).reduce((sum, lag) => sum + lag, 0)
    if (left > 0) break
  }
  return left
}

/** What a process that is away answers. */
const nothing = (): undefined => undefined

/** Waits until the detectors have nothing left to process, as far as they know. */
export async function everythingProcessed(system: System): Promise<void> {
  const left = await untilEnough(() => recordsLeft(system).then((records) => -records, nothing), 0)
  if (left < 0) throw new Error(`${-left} records were not processed, and no other has been for a while`)
}

/** Waits until there are so many of something, however long it takes while more come. Throws where there are not, or more. */
export async function becomeMany(what: string, ask: () => Promise<number>, count: number): Promise<void> {
  const last = await untilEnough(() => ask().catch(nothing), count)
  if (last !== count) throw new Error(`${what}: ${count} were to be there, and ${last} are`)
}

/** Starts detectors where none are left, as many as there are at the beginning. */
export async function startDetectors(system: System): Promise<void> {
  if (isSeparate(system)) await Promise.all([system.startVictim(), system.start('detector')])
  else await system.start('detector')
}

/** Waits a while, in which things may go wrong. */
export const linger = (ms: number): Promise<void> => wait(ms)
