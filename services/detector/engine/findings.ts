/** Makes the body of a finding from what a detector suspects: a function of the log alone, with rounded numbers. */
import type { Detector, Suspicion, Summary } from '../../../detectors/detector.ts'
import { type Evidence, type Finding, type Measures, round6 } from '../../../schemas/finding.ts'
import { findingId } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { withExpected } from './expected-words.ts'
import type { DetectorRules } from './rules.ts'

/** Whom and what a finding is about. */
export interface Subject {
  readonly tenant: string
  /** The key in the finding's id: identity, session within identity, or the second stage's key. */
  readonly key: string
  readonly identity: string
  readonly owner: string
  readonly session: string | null
  /** Event time in ms. */
  readonly time: number
  readonly history: boolean
  /** What the id names where the detector has a window. */
  readonly window: string | number
  /** The evidence where the suspicion brings none. */
  readonly evidence: readonly Evidence[]
  readonly staged: 'one' | 'two'
  /** The event conflicts with another one of its id: if it is the root, its content distinguishes them. */
  readonly conflict?: { readonly eventId: string; readonly contentId: string }
}

/** What the id names as its root. */
function rootOf({ conflict }: Subject, evidence: readonly Evidence[]): string {
  const root = evidence[0]?.event_id ?? ''
  return conflict?.eventId === root ? `${root}/${conflict.contentId}` : root
}

export function roundMeasures(measures: Measures): Measures {
  return Object.fromEntries(
    Object.entries(measures).map(([name, value]) => [name, typeof value === 'number' ? round6(value) : value]),
  )
}

/** How many events there were, where fewer are shown. Large counts are estimates. */
export const sampled = (shown: number, count = 0): Pick<Finding, 'evidence_count'> =>
  Math.round(count) > shown ? { evidence_count: Math.round(count) } : {}

const shorten = (words: string, charsMax: number): string =>
  words.length <= charsMax ? words : `${words.slice(0, Math.max(0, charsMax - 1))}…`

/** Why, ending with what was expected. If that is too long, the sentence before it is cut. */
function wordsOf(why: string, expected: Measures): string {
  const figures = withExpected(why, expected).slice(why.length)
  return shorten(shorten(why, LIMITS.why_chars_max - figures.length) + figures, LIMITS.why_chars_max)
}

export function makeFinding(
  detector: Detector,
  own: DetectorRules,
  suspicion: Suspicion,
  subject: Subject,
  epoch: string,
): Finding {
  const evidence = (suspicion.evidence ?? subject.evidence).slice(0, LIMITS.evidence_events_max)
  const rooted = subject.staged === 'one' && (suspicion.rooted ?? true)
  const agent = suspicion.agent ?? subject.identity
  const expected = roundMeasures(suspicion.expected)
  return {
    id: findingId({
      tenant: subject.tenant,
      detector: detector.id,
      version: detector.version,
      key: subject.key,
      window: suspicion.window ?? subject.window,
      root: rooted ? rootOf(subject, evidence) : '',
      level: suspicion.level ?? '',
      history: subject.history,
    }),
    revision: 1,
    detector: detector.id,
    version: detector.version,
    mode: own.mode,
    severity: own.severity ?? suspicion.severity ?? detector.severity,
    tenant: subject.tenant,
    agent,
    owner: subject.owner,
    session: subject.session,
    time: new Date(subject.time).toISOString(),
    title: suspicion.title ?? detector.title,
    why: wordsOf(suspicion.why, expected),
    observed: roundMeasures(suspicion.observed),
    expected,
    surprise: round6(suspicion.surprise ?? 0),
    learned_since: suspicion.learnedSince === undefined ? null : new Date(suspicion.learnedSince).toISOString(),
    techniques: [...detector.techniques],
    evidence,
    ...sampled(evidence.length, suspicion.evidenceCount),
    history: subject.history,
    epoch,
  }
}

/** The second revision of a finding whose window has closed; undefined if nothing is new. */
export function revisedFinding(fired: Finding, { observed, evidence, evidenceCount }: Summary): Finding | undefined {
  const { evidence_count: before, history, epoch, ...body } = fired
  const shown = (evidence ?? fired.evidence).slice(0, LIMITS.evidence_events_max)
  const revised: Finding = {
    ...body,
    revision: 2,
    observed: { ...fired.observed, ...roundMeasures(observed) },
    evidence: shown,
    ...sampled(shown.length, evidenceCount ?? before),
    history,
    epoch,
  }
  const told = (one: Finding): string => JSON.stringify([one.observed, one.evidence, one.evidence_count])
  return told(revised) === told(fired) ? undefined : revised
}
