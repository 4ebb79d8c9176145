/**
 * What the detectors say about ordinary life: every finding is false there. Findings of one detector and identity within
 * one hour are one occasion, with the highest score that any of them reached. Nothing here knows an attack.
 */
import type { Finding, Severity } from '../../../schemas/finding.ts'
import { severityAtLeast } from '../../../schemas/finding.ts'

const HOUR_MS = 3_600_000

export interface Occasion {
  readonly detector: string
  readonly mode: Finding['mode']
  readonly score: number
  readonly severity: Severity
  /** What of life the event was that it depends on. */
  readonly part: string
}

/** The joint score of a finding, where its detector has one. */
export const scoreOf = (finding: Finding): number | undefined => {
  const score = finding.observed['score']
  return typeof score === 'number' ? score : undefined
}

/** `partOf` says what of life an event belongs to, by the producer's id. */
export function occasionsOf(findings: readonly Finding[], partOf: (sourceId: string) => string): Occasion[] {
  const occasions = new Map<string, Occasion>()
  for (const finding of findings) {
    const key = `${finding.detector} ${finding.agent} ${Math.floor(Date.parse(finding.time) / HOUR_MS)}`
    const before = occasions.get(key)
    const score = scoreOf(finding) ?? Number.NEGATIVE_INFINITY
    const worse = before === undefined || severityAtLeast(finding.severity, before.severity)
    occasions.set(key, {
      detector: finding.detector,
      mode: finding.mode,
      score: Math.max(score, before?.score ?? score),
      severity: worse ? finding.severity : before.severity,
      part: before?.part ?? partOf(finding.evidence[0]?.source_id ?? ''),
    })
  }
  return [...occasions.values()]
}
