/**
 * Events in, findings out, in memory: what replay and eval share. It holds no command's words.
 */
import type { Detector } from '../../../detectors/detector.ts'
import type { DetectionConfiguration } from '../../../schemas/configuration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createLocalPipeline, type LocalPipeline } from '../../detector/index.ts'
import type { Spool } from '../import/spool.ts'

export interface Detection {
  readonly findings: readonly Finding[]
  readonly counts: LocalPipeline['counts']
  readonly stats: ReturnType<LocalPipeline['stats']>
}

export interface DetectionOptions {
  readonly detectors: readonly Detector[]
  readonly codeVersion: string
  readonly configuration?: DetectionConfiguration
}

/** Runs all events of the spool through the detectors, as an import. `onProgress` hears how many are done. */
export function detect(
  spool: Spool,
  options: DetectionOptions,
  onProgress: (events: number) => void = () => {},
): Detection {
  // As many partitions as a service has, because caps are per partition: what it would forget, this forgets.
  const partitions = LIMITS.partitions_default
  const pipeline = createLocalPipeline({ ...options, partitions, receiptTime: spool.receiptTime() })
  let done = 0
  for (const rows of spool.rows()) {
    pipeline.rows(rows)
    onProgress((done += rows.length))
  }
  pipeline.finish()
  return { findings: pipeline.findings(), counts: pipeline.counts, stats: pipeline.stats() }
}
