/** One fault, played once on one engine with one seed, and what must hold in the end. */
import { createRandom } from '../../../services/commands/demo/random.ts'
import type { RunningProcess } from '../../support/processes.ts'
import { withLog } from './acts.ts'
import type { Fault, Held, Play, Scene } from './fault.ts'
import { type Load, makeLoad } from './load.ts'
import { expectAtApi, expectDelivered, expectInLog } from './outcome.ts'
import { createShipper } from './shipper.ts'
import { expectState } from './state.ts'
import { type EngineName, startEmbedded, startSeparate, type System } from './system.ts'

export interface RoundOptions {
  readonly seed: number
  /** Sent instead of the load of the seed. */
  readonly load?: Load
}

async function expectOrderlyEnd(system: System, process: RunningProcess): Promise<void> {
  const code = await system.stop(process)
  if (code !== 0) throw new Error(`${process.command} ended with ${code}:\n${process.log()}`)
}

/** Sends the rest, waits until everything has arrived everywhere, stops all processes in order, and looks into the log. */
export async function expectUndisturbed({ system, shipper, load }: Scene): Promise<Held> {
  await shipper.sendUpTo(1)
  await expectAtApi(system, load)
  await expectDelivered(system, load)
  await Promise.all(system.running().map((process) => expectOrderlyEnd(system, process)))
  return withLog(system, async (log) => {
    const snapshots = await expectState(log)
    return { ...(await expectInLog(log, load)), snapshots }
  })
}

/** Plays it. Resolves with a sentence that says what was seen; throws what does not hold. */
export async function playRound(fault: Fault, engine: EngineName, options: RoundOptions): Promise<string> {
  const play = fault[engine]
  if (typeof play !== 'function') throw new Error(`fault ${fault.number} is not played on ${engine}: ${play.without}`)
  const load = options.load ?? (await makeLoad(options.seed))
  const system: System =
    engine === 'embedded' ? await startEmbedded() : await startSeparate({ brokers: fault.brokers ?? 1 })
  try {
    const scene: Scene = {
      system,
      load,
      shipper: createShipper(system.front.url, load),
      random: createRandom(options.seed),
    }
    const seen = await (play as Play)(scene)
    if (typeof seen === 'object') return seen.standsStill
    const held = await expectUndisturbed(scene)
    const outcome = `${load.events} events, ${held.distinct} findings, ${held.records - held.distinct} of them repeated; ${held.snapshots} snapshots equal to their log`
    return `${typeof seen === 'string' ? seen : seen(held)}; ${outcome}`
  } catch (error) {
    const logs = system.running().map((process) => process.log().split('\n').slice(-8).join('\n'))
    throw new Error(`${(error as Error).message}\n--- the ends of the logs:\n${logs.join('\n')}`, { cause: error })
  } finally {
    await system.close()
  }
}
