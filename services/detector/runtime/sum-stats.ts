/** The figures of several stages as one. */
import type { StageStats } from '../engine/index.ts'

export function sumStats(all: readonly StageStats[]): StageStats {
  const sum = (pick: (stats: StageStats) => number): number => all.reduce((total, stats) => total + pick(stats), 0)
  return {
    identities: sum((s) => s.identities),
    sessions: sum((s) => s.sessions),
    openWindows: sum((s) => s.openWindows),
    candidates: sum((s) => s.candidates),
    evicted: sum((s) => s.evicted),
    stateBytes: sum((s) => s.stateBytes),
  }
}
