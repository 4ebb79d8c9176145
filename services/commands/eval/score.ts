/**
 * Figures that do not depend on what kind of thing is labelled: shares with intervals, folds, and how findings are counted
 * per identity-day. An interval resamples whole clusters (goals, tasks, identities), because runs of one cluster resemble
 * each other; its random numbers are a fixed sequence, so that two evaluations print the same.
 */
import type { Finding, Severity } from '../../../schemas/finding.ts'

export const FLOORS = ['high', 'medium'] as const satisfies readonly Severity[]
export type Floor = (typeof FLOORS)[number]

/** Something that is either hit or not, and the cluster that it belongs to. */
export interface Trial {
  readonly hit: boolean
  readonly cluster: string
}

export interface Share {
  readonly hits: number
  readonly of: number
  /** hits / of; null if there is nothing to count. */
  readonly share: number | null
  /** 95 % interval by resampling clusters; null with fewer than two clusters. */
  readonly interval: readonly [number, number] | null
}

const RESAMPLES = 1_000

const round = (x: number): number => Math.round(x * 1e4) / 1e4

/** xorshift32: a fixed sequence of numbers from 0 to 1. */
function sequence(): () => number {
  let x = 0x2545f491
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 0x1_0000_0000
  }
}

function intervalOf(trials: readonly Trial[]): readonly [number, number] | null {
  const clusters = [...Map.groupBy(trials, (trial) => trial.cluster).values()].map((members) => ({
    hits: members.filter((trial) => trial.hit).length,
    of: members.length,
  }))
  if (clusters.length < 2) return null
  const next = sequence()
  const shares: number[] = []
  for (let k = 0; k < RESAMPLES; k++) {
    let [hits, of] = [0, 0]
    for (let i = 0; i < clusters.length; i++) {
      const drawn = clusters[Math.floor(next() * clusters.length)]
      hits += drawn?.hits ?? 0
      of += drawn?.of ?? 0
    }
    shares.push(hits / of)
  }
  shares.sort((a, b) => a - b)
  return [round(shares[Math.floor(RESAMPLES * 0.025)] ?? 0), round(shares[Math.floor(RESAMPLES * 0.975)] ?? 1)]
}

export function shareOf(trials: readonly Trial[], withInterval = false): Share {
  const hits = trials.filter((trial) => trial.hit).length
  return {
    hits,
    of: trials.length,
    share: trials.length === 0 ? null : round(hits / trials.length),
    interval: withInterval ? intervalOf(trials) : null,
  }
}

export const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : round(part / whole))

const HOUR_MS = 3_600_000

/** Findings of one identity that follow each other within an hour count as one: what a person would be told once. */
export function joinedCount(findings: readonly Finding[]): number {
  let joined = 0
  for (const mine of Map.groupBy(findings, (finding) => finding.agent).values()) {
    const times = mine.map((finding) => Date.parse(finding.time)).sort((a, b) => a - b)
    times.forEach((time, i) => {
      if (i === 0 || time - (times[i - 1] ?? 0) > HOUR_MS) joined++
    })
  }
  return joined
}

/** One value of the folded field: the positives caught and the negatives flagged that have it. */
export interface Fold {
  readonly value: string
  readonly caught: Share
  readonly flagged: Share
}

export interface Folds {
  readonly by: string
  readonly folds: readonly Fold[]
  /** Lowest share caught, and highest share wrongly flagged, among folds with at least `FOLD_MIN` of the kind. */
  readonly worst_caught: string | null
  readonly worst_flagged: string | null
}

export const FOLD_MIN = 5

export function foldsOf(
  by: string,
  trials: readonly (Trial & { readonly positive: boolean; readonly fold: string })[],
): Folds {
  const folds = [...Map.groupBy(trials, (trial) => trial.fold)]
    .map(([value, mine]) => ({
      value,
      caught: shareOf(mine.filter((trial) => trial.positive)),
      flagged: shareOf(mine.filter((trial) => !trial.positive)),
    }))
    .sort((a, b) => (a.value < b.value ? -1 : 1))
  const worst = (pick: (fold: Fold) => Share, sign: number): string | null => {
    const able = folds.filter((fold) => pick(fold).of >= FOLD_MIN)
    able.sort((a, b) => sign * ((pick(a).share ?? 0) - (pick(b).share ?? 0)) || pick(b).of - pick(a).of)
    return able[0]?.value ?? null
  }
  return {
    by,
    folds,
    worst_caught: worst((fold) => fold.caught, 1),
    worst_flagged: worst((fold) => fold.flagged, -1),
  }
}
