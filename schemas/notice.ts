/**
 * A notice: what sinks receive, in domain terms. It is stored once for all sinks; each type of sink renders its own form.
 */
import type { ToldExcerpt } from './excerpt.ts'
import type { Finding } from './finding.ts'
import { H } from './ids.ts'

/** What can be told, and what `data` holds. */
export const NOTICE_TYPES = {
  'finding.created': 'a finding, revision 1',
  'finding.updated': 'a finding, revision 2: its window has closed',
  'findings.digest': 'findings above the rate of a sink, together',
  'incident.paged': 'an incident that policy wants a person woken for',
  'incident.acknowledged': 'a person has taken the incident',
  'incident.closed': 'a person has closed the incident',
  'incident.reopened': 'a person has opened the incident again',
  'quarantine.requested': 'an order: contain this identity',
  'quarantine.released': 'an order: let this identity go',
  'quarantine.proposed': 'a quarantine that waits for a person',
  'quarantine.unheard': 'an order that no sink has taken',
  'suppression.added': 'findings of a scope are told no more up to an end',
  'suppression.ended': 'a person or time has ended a suppression',
  'sink.disabled': 'another sink answered 410 and gets nothing more',
  'sink.failing': 'another sink has taken nothing for minutes, or has refused a delivery for good',
  'sink.test': 'a person tries whether the sink hears',
} as const
export type NoticeType = keyof typeof NOTICE_TYPES

/** What a sink may be set to receive, and which notices that covers. */
export const RECEIVES = ['findings', 'revisions', 'orders', 'notices', 'triage'] as const
export type Receives = (typeof RECEIVES)[number]

const RECEIVED: ReadonlyMap<NoticeType, Receives> = new Map([
  ['finding.created', 'findings'],
  ['finding.updated', 'revisions'],
  ['findings.digest', 'findings'],
  ['incident.acknowledged', 'triage'],
  ['incident.closed', 'triage'],
  ['incident.reopened', 'triage'],
  ['quarantine.requested', 'orders'],
  ['quarantine.released', 'orders'],
])

/** Told to every sink of the tenant, whatever it is set to receive: from then on it hears less, or more. */
const TOLD_TO_ALL: ReadonlySet<NoticeType> = new Set(['suppression.added', 'suppression.ended'])

/** Whether a sink that is set to receive this hears of notices of the type. */
export const hears = (receives: readonly Receives[], type: NoticeType): boolean =>
  TOLD_TO_ALL.has(type) || receives.includes(RECEIVED.get(type) ?? 'notices')

/** What was left out of a finding that was too large. */
export interface Trimmed {
  /** How many evidence events. */
  readonly evidence: number
  /** Whether `observed` and `expected`. */
  readonly measures: boolean
}

/** As it is stored. */
export interface Notice {
  readonly type: NoticeType
  /** When the reported act happened, ISO 8601 in UTC. */
  readonly time: string
  readonly data: Readonly<Record<string, unknown>>
  readonly trimmed?: Trimmed
  /** The words behind a finding. Never stored: they are added for a sink that asks for them, when it is sent something. */
  readonly excerpts?: readonly ToldExcerpt[]
}

/** Id of a notice. `mark` separates the acts on one subject: a revision, or a sequence number of its state. */
export const noticeId = (subject: string, type: NoticeType, mark: string | number): string =>
  H('notice', subject, type, mark)

/** Cuts the finding until it `fits`: first evidence from the end (the root comes first), then what it measured. */
export function trimFinding(
  finding: Finding,
  fits: (finding: Finding, trimmed: Trimmed | undefined) => boolean,
): { readonly finding: Finding; readonly trimmed?: Trimmed } {
  if (fits(finding, undefined)) return { finding }
  const cut = (kept: number, measures: boolean) => ({
    finding: {
      ...finding,
      ...(measures ? {} : { observed: {}, expected: {} }),
      evidence: finding.evidence.slice(0, kept),
    },
    trimmed: { evidence: finding.evidence.length - kept, measures: !measures },
  })
  for (const measures of [true, false]) {
    for (let kept = finding.evidence.length - 1; kept >= 1; kept--) {
      const trial = cut(kept, measures)
      if (fits(trial.finding, trial.trimmed)) return trial
    }
  }
  return cut(0, false)
}
