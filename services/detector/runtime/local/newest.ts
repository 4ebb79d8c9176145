/** The newest revision of each finding. */
import type { Finding } from '../../../../schemas/finding.ts'

export interface Newest {
  add(finding: Finding): void
  /** Ordered by event time, then id. */
  all(): Finding[]
}

const byTimeAndId = (a: Finding, b: Finding): number =>
  a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0

export function createNewest(): Newest {
  const newest = new Map<string, Finding>()
  return {
    add(finding) {
      if ((newest.get(finding.id)?.revision ?? 0) < finding.revision) newest.set(finding.id, finding)
    },
    all: () => [...newest.values()].sort(byTimeAndId),
  }
}
