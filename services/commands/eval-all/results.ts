/** What `eval-all` measures, before it becomes a page. */
import type { Curve } from './chart.ts'
import type { CompanyScore } from './company.ts'

export interface DetectorResult {
  readonly detector: string
  readonly medium: CompanyScore
  readonly high: CompanyScore
}

export interface CompanyResult {
  readonly name: string
  readonly medium: CompanyScore
  readonly high: CompanyScore
  readonly detectors: readonly DetectorResult[]
  readonly trivial: readonly DetectorResult[]
  readonly curves: readonly Curve[]
  /** Name of the picture next to the page. */
  readonly chart?: string
}

export interface LabelledResult {
  readonly name: string
  readonly rows: readonly (readonly (string | number | null)[])[]
}

export interface Results {
  readonly commit: string
  readonly date: string
  readonly companies: readonly CompanyResult[]
  readonly labelled: readonly LabelledResult[]
}
