/**
 * An incident: the findings of one identity that are close together in event time, joined so that a person is notified
 * once, with a timeline of what was found, done and decided, and its triage. Statuses and verdicts are those of OCSF's
 * incident profile.
 */
import Type, { type Static } from 'typebox'
import { Tie } from './chain.ts'
import { SEVERITIES, type Severity } from './finding.ts'
import { LIMITS } from './limits.ts'

export const TIMELINE_KINDS = ['finding', 'action', 'verdict', 'comment'] as const

export const INCIDENT_STATUSES = ['new', 'in_progress', 'resolved', 'suppressed', 'archived'] as const
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number]
export const VERDICTS = ['true_positive', 'false_positive', 'benign'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Whether a person still has to look at it: further findings of its time join it, and others open a new one. */
export const isOpen = ({ status }: { readonly status: IncidentStatus }): boolean =>
  status === 'new' || status === 'in_progress'

export const TimelineEntry = Type.Object(
  {
    time: Type.String({ description: 'Event time of a finding, wall-clock time of an act; ISO 8601 in UTC' }),
    kind: Type.Enum([...TIMELINE_KINDS]),
    text: Type.String({ maxLength: LIMITS.why_chars_max }),
    finding_id: Type.Union([Type.String(), Type.Null()]),
  },
  { additionalProperties: false },
)
export type TimelineEntry = Static<typeof TimelineEntry>

export const Incident = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'H(tenant, identity, first finding)' }),
    tenant: Type.String(),
    agent: Type.String({ description: 'The identity' }),
    owner: Type.String(),
    severity: Type.Unsafe<Severity>(Type.Enum([...SEVERITIES], { description: 'The worst of its findings' })),
    first_time: Type.String({ description: 'Event time of its earliest finding' }),
    last_time: Type.String({ description: 'Event time of its latest finding' }),
    opened_at: Type.String({ description: 'When the responder opened it' }),
    updated_at: Type.String(),
    finding_ids: Type.Array(Type.String(), { maxItems: LIMITS.incident_findings_max }),
    detectors: Type.Array(Type.String(), { description: 'Distinct, in the order in which they spoke' }),
    techniques: Type.Array(Type.String()),
    timeline: Type.Array(TimelineEntry, { maxItems: LIMITS.incident_timeline_max }),
    paged: Type.Boolean({ description: 'A page went out; one incident pages once' }),
    risk_points: Type.Integer({ minimum: 0, description: 'Sum over its findings; see riskAt' }),
    status: Type.Unsafe<IncidentStatus>(Type.Enum([...INCIDENT_STATUSES])),
    assignee: Type.Union([Type.String(), Type.Null()], { description: 'Who works on it' }),
    verdict: Type.Unsafe<Verdict | null>(Type.Union([Type.Enum([...VERDICTS]), Type.Null()])),
    merged_into: Type.Union([Type.String(), Type.Null()], {
      description: 'The incident that took in its findings; null where it stands for itself',
    }),
    also: Type.Array(Type.String(), {
      maxItems: LIMITS.list_items_max,
      description: 'Further identities whose incidents were merged into it',
    }),
    ties: Type.Array(Tie, {
      maxItems: LIMITS.incident_ties_max,
      description: 'What its findings share with those of other identities',
    }),
    status_by: Type.Union([Type.String(), Type.Null()], {
      description: 'Who changed it last; null before anybody did',
    }),
    status_reason: Type.String({ description: 'Why, in their words' }),
  },
  { $id: 'incident', additionalProperties: false },
)
export type Incident = Static<typeof Incident>

/** The triage of an incident that predates triage or that nobody has triaged. */
export const UNTRIAGED = {
  risk_points: 0,
  status: 'new',
  assignee: null,
  verdict: null,
  merged_into: null,
  also: [],
  ties: [],
  status_by: null,
  status_reason: '',
} as const satisfies Partial<Incident>
