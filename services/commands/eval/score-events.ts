/**
 * Scores findings against labelled events. An incident is caught when the evidence of a finding holds one of its events;
 * a finding is false when its evidence holds no attack at all and does not begin with an event that nobody can judge.
 */
import { type Finding, severityAtLeast } from '../../../schemas/finding.ts'
import { dayOf, type Facts } from './facts.ts'
import type { EventLabel } from './labels.ts'
import { type Floor, type Folds, foldsOf, joinedCount, ratio, type Share, shareOf } from './score.ts'

export interface EventScore {
  /** Incidents that a finding names. */
  readonly caught: Share
  /** Findings by the label of the event that their evidence begins with. */
  readonly classes: Readonly<Record<string, number>>
  /** Findings that name an attack event among all that can be judged. */
  readonly precision: number | null
  readonly true_findings: number
  readonly false_findings: number
  readonly identity_days: number
  readonly false_per_identity_day: number | null
  /** Findings of one identity within an hour counted once. */
  readonly false_joined_per_identity_day: number | null
}

interface Incident {
  readonly id: string
  readonly events: ReadonlySet<string>
  readonly technique: string
  readonly identity: string
}

export interface ScoredEvents {
  readonly incidents: readonly Incident[]
  readonly labels: ReadonlyMap<string, EventLabel>
  readonly identityDays: number
  /** Event time in ms from which findings are scored; what is before it is for learning. */
  readonly from: number
}

export const EVENT_FOLDS = ['technique', 'identity'] as const
export type EventFold = (typeof EVENT_FOLDS)[number]

const DAY_MS = 86_400_000

export function scoredEvents(labels: ReadonlyMap<string, EventLabel>, facts: Facts, learnDays: number): ScoredEvents {
  const from = learnDays === 0 ? 0 : facts.start + learnDays * DAY_MS
  const days = new Set<string>()
  const attacks: EventLabel[] = []
  for (const event of labels.values()) {
    const act = facts.acts.get(event.sourceId)
    if (act === undefined || !event.scored || act.time < from) continue
    days.add(`${act.identity} ${dayOf(act.time)}`)
    if (event.positive) attacks.push(event)
  }
  const incidents = [...Map.groupBy(attacks, (event) => event.incident)].map(([id, events]) => ({
    id,
    events: new Set(events.map((event) => event.sourceId)),
    technique: String(events[0]?.fields['technique'] ?? 'none'),
    identity: facts.acts.get(events[0]?.sourceId ?? '')?.identity ?? '',
  }))
  return { incidents, labels, identityDays: days.size, from }
}

type Verdict = 'true' | 'false' | 'unscored'

function judge(finding: Finding, { labels, from }: ScoredEvents): Verdict {
  const evidence = finding.evidence.map(({ source_id }) => labels.get(source_id))
  if (Date.parse(finding.time) < from) return 'unscored'
  if (evidence.some((label) => label?.positive === true)) return 'true'
  const root = evidence[0]
  return finding.evidence.length > 0 && (root === undefined || !root.scored) ? 'unscored' : 'false'
}

const above = (findings: readonly Finding[], floor: Floor): readonly Finding[] =>
  findings.filter((finding) => severityAtLeast(finding.severity, floor))

const isCaught = (incident: Incident, evidence: ReadonlySet<string>): boolean =>
  [...incident.events].some((sourceId) => evidence.has(sourceId))

const evidenceOf = (findings: readonly Finding[]): ReadonlySet<string> =>
  new Set(findings.flatMap((finding) => finding.evidence.map((evidence) => evidence.source_id)))

export function scoreEvents(scored: ScoredEvents, all: readonly Finding[], floor: Floor): EventScore {
  const findings = above(all, floor)
  const judged = Map.groupBy(findings, (finding) => judge(finding, scored))
  const right = judged.get('true') ?? []
  const wrong = judged.get('false') ?? []
  const evidence = evidenceOf(right)
  const roots = [...right, ...wrong].map(
    (finding) => scored.labels.get(finding.evidence[0]?.source_id ?? '')?.class ?? 'no evidence',
  )
  const classes = [...Map.groupBy(roots, (root) => root)].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    caught: shareOf(
      scored.incidents.map((incident) => ({ hit: isCaught(incident, evidence), cluster: incident.technique })),
      true,
    ),
    classes: Object.fromEntries(classes.map(([name, mine]) => [name, mine.length])),
    precision: ratio(right.length, right.length + wrong.length),
    true_findings: right.length,
    false_findings: wrong.length,
    identity_days: scored.identityDays,
    false_per_identity_day: ratio(wrong.length, scored.identityDays),
    false_joined_per_identity_day: ratio(joinedCount(wrong), scored.identityDays),
  }
}

/** Folds incidents. A false finding has no technique, so only what was caught is reported. */
export function foldEvents(scored: ScoredEvents, all: readonly Finding[], floor: Floor, by: EventFold): Folds {
  const evidence = evidenceOf(above(all, floor))
  return foldsOf(
    by,
    scored.incidents.map((incident) => ({
      hit: isCaught(incident, evidence),
      positive: true,
      cluster: '',
      fold: incident[by],
    })),
  )
}

/** Incidents that were missed, and findings that were wrong: where tuning begins. */
export function mistakesOfEvents(scored: ScoredEvents, all: readonly Finding[], floor: Floor) {
  const findings = above(all, floor)
  const evidence = evidenceOf(findings)
  return {
    missed: scored.incidents
      .filter((incident) => !isCaught(incident, evidence))
      .map(({ id, technique, identity }) => ({ incident: id, technique, identity })),
    wrong: findings
      .filter((finding) => judge(finding, scored) === 'false')
      .map(({ id, detector, agent, time, evidence: [root] }) => ({
        id,
        detector,
        agent,
        time,
        root: root?.action ?? '',
        class: scored.labels.get(root?.source_id ?? '')?.class ?? 'no evidence',
      })),
  }
}
