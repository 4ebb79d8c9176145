/** What a command has detected, and what comes of it. */
import type { Detector } from '../../../detectors/detector.ts'
import type { DetectionConfiguration } from '../../../schemas/configuration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { LocalPipeline } from '../../detector/index.ts'

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

/** What is to be done with the events of a spool. */
export interface Task extends DetectionOptions {
  readonly partitions: number
  /** ms since 1970. */
  readonly receiptTime: number
}
