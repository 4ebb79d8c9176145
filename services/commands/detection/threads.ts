/**
 * Stage one in threads, each with some of its partitions, and stage two behind them. Stage two gets the records of `signals` in the
 * order in which one thread would have made them all, so that the same input gives the same findings to the last byte.
 */
import { createLocalSecond, createNewest, sumStats } from '../../detector/index.ts'
import type { Spool } from '../import/spool.ts'
import { asBuffer } from '../../lib/as-buffer.ts'
import { type CalledThread, createCalledThread } from '../lib/called-thread.ts'
import { inOrder } from '../lib/in-order.ts'
import type { Found, ThreadData, ThreadProcedures } from './protocol.ts'
import type { Detection, Task } from './task.ts'

/** Blocks that threads work on or have before them: while stage two works, they have something to do. */
const BLOCKS_AHEAD = 4

const ENTRY = new URL('thread.ts', import.meta.url)

function createThreads(task: Task, count: number): CalledThread<ThreadProcedures>[] {
  const detectors = task.detectors.map(({ id }) => id)
  return Array.from({ length: count }, (_, remainder) => {
    const data: Omit<ThreadData, 'calls'> = { ...task, detectors, share: { remainder, of: count } }
    return createCalledThread<ThreadProcedures>(ENTRY, 'detect', data)
  })
}

/** `onProgress` hears how many events are done. */
export async function detectInThreads(
  spool: Spool,
  task: Task,
  count: number,
  onProgress: (events: number) => void,
): Promise<Detection> {
  const newest = createNewest()
  const second = createLocalSecond({ ...task, onFinding: newest.add })
  function take(found: readonly Found[]): void {
    for (const { findings } of found) findings.forEach(newest.add)
    const signals = found.flatMap((one) => one.signals).sort((a, b) => a.turn - b.turn)
    for (const { target, value } of signals) second.append(target, asBuffer(value))
  }
  const threads = createThreads(task, count)
  const takeBlock = (block: Buffer): Promise<Found[]> => Promise.all(threads.map((thread) => thread.ask('take', block)))
  try {
    let done = 0
    for await (const found of inOrder(spool.blocks(), takeBlock, BLOCKS_AHEAD)) {
      take(found)
      onProgress((done += found[0]?.rows ?? 0))
    }
    const finished = await Promise.all(threads.map((thread) => thread.ask('finish', null)))
    take(finished)
    second.settle()
    const sum = (pick: (counts: Detection['counts']) => number): number =>
      finished.reduce((total, { counts }) => total + pick(counts), 0)
    return {
      findings: newest.all(),
      counts: {
        events: sum(({ events }) => events),
        repeats: sum(({ repeats }) => repeats),
        signals: sum(({ signals }) => signals),
      },
      stats: sumStats([...finished.map(({ stats }) => stats), second.stats()]),
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.end()))
  }
}
