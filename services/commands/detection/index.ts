/**
 * Events in, findings out, in memory: what replay, eval and calibrate share. It holds no command's words.
 */
import type { Detector } from '../../../detectors/detector.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createLocalPipeline } from '../../detector/index.ts'
import { unpackRows } from '../import/packed.ts'
import type { Spool } from '../import/spool.ts'
import { threadsOfMachine } from '../lib/called-thread.ts'
import type { Detection, DetectionOptions, Task } from './task.ts'
import { detectInThreads } from './threads.ts'

export type { Detection, DetectionOptions } from './task.ts'

/** A thread takes as long to begin as it takes to judge so many. */
const ALONE_EVENTS_MAX = 20_000

function detectAlone(spool: Spool, task: Task, onProgress: (events: number) => void): Detection {
  const pipeline = createLocalPipeline(task)
  let done = 0
  for (const block of spool.blocks()) {
    const rows = unpackRows(block, task.receiptTime)
    pipeline.rows(rows)
    onProgress((done += rows.length))
  }
  pipeline.finish()
  return { findings: pipeline.findings(), counts: pipeline.counts, stats: pipeline.stats() }
}

/** A thread finds its detectors by their ids. */
async function areRegistered(detectors: readonly Detector[]): Promise<boolean> {
  const { DETECTORS } = await import('../../../detectors/registry.ts')
  return detectors.every((detector) => DETECTORS.includes(detector))
}

/**
 * Runs all events of the spool through the detectors, as an import. `onProgress` hears how many are done. `threads`: among how many
 * stage one is divided; no result depends on it.
 */
export async function detect(
  spool: Spool,
  options: DetectionOptions,
  onProgress: (events: number) => void = () => {},
  threads = spool.count > ALONE_EVENTS_MAX ? threadsOfMachine() : 1,
): Promise<Detection> {
  // As many partitions as a service has, because caps are per partition: what it would forget, this forgets.
  const task = { ...options, partitions: LIMITS.partitions_default, receiptTime: spool.receiptTime() }
  if (threads === 1 || !(await areRegistered(options.detectors))) return detectAlone(spool, task, onProgress)
  return detectInThreads(spool, task, Math.min(threads, task.partitions), onProgress)
}
