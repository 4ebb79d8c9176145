/** What an evaluation says: the shape of `eval --json`. */
import type { Floor, Folds } from './score.ts'
import type { EventScore } from './score-events.ts'
import type { RunScore } from './score-runs.ts'

export interface DetectorScore<S> {
  /** `total` is every live detector together. */
  readonly detector: string
  /** shadow: its findings are stored and never sent, and do not count in the total. */
  readonly mode: 'live' | 'shadow'
  readonly findings: number
  readonly high: S
  readonly medium: S
}

export interface Part<S> {
  readonly scores: readonly DetectorScore<S>[]
  readonly folds: readonly (Folds & { readonly floor: Floor })[]
  readonly mistakes?: Readonly<Record<Floor, unknown>>
}

export interface Evaluation {
  readonly events: number
  readonly identities: number
  /** Present if there are labels of runs. */
  readonly runs?: Part<RunScore>
  /** Present if there are labels of single events. */
  readonly labelled_events?: Part<EventScore>
}
