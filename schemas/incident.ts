/**
 * An incident: the findings of one identity that lie close together in event time, joined so that a person is told once,
 * with a timeline of what was found, done and decided.
 */
import Type, { type Static } from 'typebox'
import { SEVERITIES, type Severity } from './finding.ts'
import { LIMITS } from './limits.ts'

export const TIMELINE_KINDS = ['finding', 'action', 'verdict'] as const

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
  },
  { $id: 'incident', additionalProperties: false },
)
export type Incident = Static<typeof Incident>
